from __future__ import annotations

import pytest

from bigru.readers.opening.charset import explain, recognise
from bigru.readers.opening.encoding import decode

REVIEWS = {
    "French": [
        "Le film était très décevant, je ne le recommande à personne.",
        "Un dîner délicieux dans un cadre agréable, merci à toute l’équipe !",
        "La chambre était sale et le service déplorable.",
        "Ça m’a beaucoup plu, le garçon était charmant.",
        "Hôtel bien placé près de la gare",
    ],
    "German": [
        "Das Essen war ausgezeichnet und die Bedienung sehr höflich.",
        "Leider war das Zimmer schmutzig, wir fühlten uns nicht wohl.",
        "Größe passt nicht, ich schicke es zurück.",
        "Für den Preis völlig in Ordnung",
        "Schöne Straße, aber laut",
    ],
    "Spanish": [
        "La película es aburrida y demasiado larga, no la volvería a ver.",
        "¡Qué buena atención! El niño quedó encantado.",
        "El año pasado estuvimos aquí y todo salió bien.",
        "Muy rápido y económico",
        "La habitación estaba limpia pero el baño no",
    ],
    "Portuguese": [
        "O atendimento foi ótimo e a comida estava deliciosa, não vejo a hora de voltar.",
        "Péssima experiência, o produto não funciona.",
        "A recepção é lenta mas os quartos são bons.",
        "Coração de mãe",
        "Informação errada na página",
    ],
    "Italian": [
        "Il film è bellissimo, però la sala era fredda.",
        "Più caro del previsto e la qualità è scarsa.",
        "Perché non rispondono mai?",
        "Città stupenda",
        "Il caffè non era caldo e così siamo andati via",
    ],
    "Dutch": [
        "Het eten was heel goed maar één gerecht kwam koud.",
        "De ideeën waren geïnspireerd door Zweedse keuken",
        "Daar zijn we zeer over te spreken, geen reünie zonder dit café",
    ],
    "Swedish": [
        "Maten var god men betjäningen dålig och långsam.",
        "Jag köpte den här förra året och är mycket nöjd.",
        "Både rummet och sängen var små",
    ],
    "Danish": [
        "Maden var dårlig og værelset meget småt.",
        "Jeg købte den i sidste uge og er glad for den, også prisen er fin.",
        "Rødgrød med fløde",
    ],
    "Finnish": [
        "Hyvä hotelli, mutta huone oli pieni ja äänekäs.",
        "En pitänyt elokuvasta, se oli liian pitkä.",
        "Tämä on paras ostos tänä vuonna",
    ],
    "Polish": [
        "Obsługa była bardzo miła, jedzenie świeże i gorące.",
        "Książka jest nudna, nie polecam nikomu, żałuję zakupu.",
        "Pokój był mały, ale czysty.",
        "Świetna jakość",
        "Zły rozmiar, źle uszyte",
    ],
    "Czech": [
        "Jídlo bylo výborné a obsluha velmi příjemná.",
        "Film se mi vůbec nelíbil, byl příliš dlouhý.",
        "Pokoj byl čistý, ale příliš malý, už nepřijdu.",
        "Zboží přišlo poškozené",
    ],
    "Hungarian": [
        "A szoba kicsi volt, de tiszta és csendes, szívesen jövünk újra.",
        "Nagyon rossz minőség, nem ajánlom senkinek, őszintén szólva dühös vagyok.",
        "Gyűlölöm a hosszú filmeket",
    ],
    "Romanian": [
        "Mâncarea a fost bună, dar serviciul foarte lent şi neplăcut.",
        "Camera era murdară şi nu funcţiona nimic.",
        "Mulţumesc pentru ajutor, sunteţi grozavi",
    ],
    "Turkish": [
        "Yemekler çok güzeldi ama servis yavaştı.",
        "Ürün kırık geldi, hiç memnun kalmadım, iade ettim.",
        "Oda küçüktü fakat temizdi, teşekkürler.",
        "Işık yok",
    ],
    "Lithuanian": [
        "Maistas buvo labai skanus, bet aptarnavimas lėtas ir šaltas.",
        "Kambarys mažas, tačiau švarus, ačiū už viską.",
    ],
    "Russian": [
        "Фильм очень скучный, смотреть не советую никому.",
        "Отличный отель, чистые номера и вежливый персонал!",
        "Доставка быстрая, но товар пришёл сломанный.",
        "Спасибо",
        "Хорошее качество",
    ],
    "Ukrainian": [
        "Дуже смачна їжа та привітний персонал, обов’язково прийдемо ще.",
        "Фільм нудний і задовгий, не раджу нікому.",
        "Якість жахлива",
    ],
    "Bulgarian": [
        "Храната беше много вкусна, а обслужването бързо.",
        "Филмът е скучен и не го препоръчвам на никого.",
    ],
    "Greek": [
        "Το φαγητό ήταν πολύ νόστιμο και το προσωπικό ευγενικό.",
        "Η ταινία ήταν βαρετή, δεν τη συνιστώ σε κανέναν.",
        "Κακή ποιότητα",
    ],
    "Hebrew": [
        "האוכל היה טעים מאוד והשירות מצוין",
        "הסרט משעמם וארוך מדי, לא ממליץ לאף אחד",
    ],
    "Arabic": [
        "كان الطعام لذيذا جدا والخدمة ممتازة",
        "الفيلم ممل وطويل ولا أنصح به أحدا",
    ],
    "Thai": [
        "อาหารอร่อยมากและบริการดี",
        "หนังน่าเบื่อและยาวเกินไป ไม่แนะนำ",
    ],
    "simplified": [
        "这部电影太无聊了，看到一半我就睡着了。",
        "房间很干净，前台服务热情，下次还会来。",
        "快递很慢，包装破了，客服也不理人",
        "味道不错，价格也便宜",
        "差评",
        "很好",
    ],
    "traditional": [
        "這部電影太無聊了，看到一半我就睡著了。",
        "房間很乾淨，櫃檯服務親切，下次還會再來。",
        "出貨很慢，包裝破損，客服也不理人",
        "味道不錯，價格也便宜",
        "差評",
        "很好",
    ],
    "Korean": [
        "영화가 너무 지루해서 중간에 나왔어요.",
        "방이 깨끗하고 직원들이 친절했습니다. 다음에 또 오고 싶어요.",
        "배송이 늦고 포장이 엉망이에요",
        "맛있고 가격도 저렴합니다",
        "별로",
        "추천해요",
    ],
    "Japanese": [
        "この映画はとても退屈で、途中で寝てしまいました。",
        "部屋はきれいで、スタッフも親切でした。また泊まりたいです。",
        "配送が遅く、箱も壊れていた。",
        "おいしいし値段も安い",
        "最悪",
        "良かった",
    ],
}
WRITTEN = {
    "cp1252": "French German Spanish Portuguese Italian Dutch Swedish Danish Finnish",
    "mac-roman": "French German Spanish Portuguese Italian Swedish",
    "cp850": "French German Spanish",
    "cp1250": "Polish Czech Hungarian Romanian",
    "iso8859-2": "Polish Czech Hungarian",
    "cp1251": "Russian Ukrainian Bulgarian",
    "koi8-r": "Russian",
    "koi8-u": "Ukrainian",
    "cp866": "Russian",
    "mac-cyrillic": "Russian",
    "cp1253": "Greek",
    "cp1254": "Turkish",
    "cp1255": "Hebrew",
    "cp1256": "Arabic",
    "cp1257": "Lithuanian",
    "cp874": "Thai",
    "gb18030": "simplified traditional",
    "big5": "traditional",
    "cp949": "Korean",
    "cp932": "Japanese",
    "euc_jp": "Japanese",
}
CASES = [(encoding, language) for encoding, languages in WRITTEN.items() for language in languages.split()]
ENGLISH = "the food was good and the room was clean,1\nit was not what I had in mind,0\n" * 10


def reviews(encoding: str, language: str) -> list[str]:
    """Return reviews in a language, with the apostrophe that the encoding has."""
    return [one if encoding.startswith(("cp12", "mac")) else one.replace("’", "'") for one in REVIEWS[language]]


@pytest.mark.parametrize(("encoding", "language"), CASES)
def test_a_table_of_reviews_is_read_in_its_encoding(encoding: str, language: str) -> None:
    text = "text,label\n" + "".join(f'"{review}",{n % 2}\n' for n, review in enumerate(reviews(encoding, language)))
    assert decode(text.encode(encoding), "f")[0] == text


@pytest.mark.parametrize(("encoding", "language"), CASES)
def test_one_review_is_read_rightly_or_asked_for(encoding: str, language: str) -> None:
    for review in reviews(encoding, language):
        for text in (review + "\n", f"text,label\n{ENGLISH}{review},1\n"):
            data = text.encode(encoding)
            found = recognise(data).encoding
            assert found is None or data.decode(found) == text


@pytest.mark.parametrize(
    ("encoding", "language"), [case for case in CASES if case[0] in ("gb18030", "big5", "cp949", "cp932", "euc_jp")]
)
def test_a_review_in_two_bytes_a_character_needs_no_others(encoding: str, language: str) -> None:
    data = REVIEWS[language][0].encode(encoding)
    assert recognise(data).encoding == encoding


def test_what_a_later_line_alone_holds_is_read_by_the_larger_codec() -> None:
    text = "這部電影太無聊了，看到一半我就睡著了。\n" * 400 + "價格是€5\n"
    assert decode(text.encode("cp950"), "f") == (text, "cp950")


def test_two_close_candidates_are_named_the_best_first() -> None:
    guess = recognise("Film se mi vůbec nelíbil, byl příliš dlouhý.".encode("iso8859-2"))
    assert guess.encoding is None
    assert guess.candidates == ("iso8859-2", "cp1250")


def test_rubbish_is_in_no_encoding() -> None:
    assert recognise(bytes(range(128, 256)) * 9).encoding is None


def test_what_was_recognised_is_said() -> None:
    assert explain("utf-8") == "utf-8"
    assert explain("big5") == "big5 (recognised by its frequent characters; --encoding overrules)"
