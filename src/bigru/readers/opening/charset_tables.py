"""What texts in each language are made of beyond ASCII: the evidence by which `charset` recognises an encoding.

Letters are ordered from frequent to rare; their probabilities fall as 1/rank (Zipf). Frequent words are those that
ASCII can write: in a file with a few accents they say which language the accents belong to.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FREQUENT_HANGUL", "FREQUENT_KANA", "FREQUENT_KANJI", "LANGUAGES", "SIMPLIFIED", "TRADITIONAL", "Language"]


@dataclass(frozen=True)
class Language:
    """A language written in one byte a letter.

    Attributes:
        letters: its letters beyond ASCII in lower case, frequent ones first.
        words: frequent words in ASCII, separated by spaces; "" for other alphabets.
        encodings: codecs of Python in which it is written.
    """

    letters: str
    words: str
    encodings: tuple[str, ...]


WESTERN = ("cp1252", "iso8859-15", "mac-roman", "cp850", "cp437")
CENTRAL = ("cp1250", "iso8859-2", "cp852", "mac-latin2")
CYRILLIC = ("cp1251", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic")

# ruff: noqa: E501
LANGUAGES = {
    "French": Language("éèàêçôûîâùœïëüæ", "de la le et les des en un est que pas qui pour dans une ce il sur", WESTERN),
    "German": Language("üäößé", "der die und in den von zu das mit ist nicht sich ein eine auf es ich sehr war", WESTERN),
    "Spanish": Language("óíáéñú¡¿ü", "de la que el en y los se del las por un con no una es muy lo para", WESTERN),
    "Portuguese": Language("ãáçéíóêõâúàôü", "de que o do da em um para com uma os no se na por as muito mais", WESTERN),
    "Italian": Language("èàùòìéî", "di che e la il un per in una del non sono con le si da molto ho", WESTERN),
    "Dutch": Language("ëéïöèüêçà", "de het een en van ik te dat die in is niet op met zijn maar was voor", WESTERN),
    "Swedish": Language("äåöéüà", "och i att det som en av den med var inte till ett mycket jag om men", WESTERN),
    "Danish": Language("øåæéäöü", "og i at det er en af den til med ikke der som var jeg meget et men", WESTERN),
    "Icelandic": Language("áðíéóþöæúý", "og var ekki sem er um en hann til svo vel mjög", WESTERN),
    "Finnish": Language("äöåéšž", "ja on ei se oli hyvin mutta kun kuin niin joka ovat myös tosi", WESTERN),
    "English": Language("éèïñöêçàôûüáíóâëäæœåøãõîùúìòý", "the of and to in is it that was for with as on but not", WESTERN),
    "Polish": Language("łóążęśćńź", "w i na z do nie to jest o po bardzo ale jak za od przez tylko", CENTRAL),
    "Czech": Language("íáěéščřžýůúňťóď", "a v na se je to s z o do ve ale jako byl po velmi nebo pro", CENTRAL),
    "Slovak": Language("áíéčšžúýľťôňóďäŕĺ", "a v na sa je to s z o do ale ako bol po alebo pre nie", CENTRAL),
    "Hungarian": Language("áéöóőüíúű", "a az egy nem hogy is volt de ez csak nagyon meg van ha el mint", CENTRAL),
    "Romanian": Language("ăîâţşșț", "de a nu la cu o pe din este un mai care pentru foarte dar au fost", CENTRAL),
    "Croatian": Language("čšžćđ", "i je u na se da za su od ali vrlo kao nije bio iz s sam", CENTRAL),
    "Turkish": Language("ıişüğçöâİîû", "bir ve bu de da ne gibi daha ama olan her kadar sonra iyi o en", ("cp1254",)),
    "Lithuanian": Language("ėšąįčžųęū", "ir kad buvo bet labai yra kaip su nuo tai jau man ne", ("cp1257",)),
    "Latvian": Language("āīēšņļžķūčģ", "un ir no ar kas par bet nav ka uz vai man tas", ("cp1257",)),
    "Estonian": Language("äõüöšž", "ja on ei oli see et ka mis aga kui ta ning oma", ("cp1257", "cp1252")),
    "Vietnamese": Language("\u0301\u0300ô\u0323đêâ\u0309ươă\u0303áàéèóòíúùý", "cho trong khi hay con nhau anh em ra", ("cp1258",)),
    "Russian": Language("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", "", CYRILLIC),
    "Ukrainian": Language("оаинвіертскмлдупязьбгйчхцжїєюшщфґ’", "", CYRILLIC),
    "Bulgarian": Language("аиоетнрсвлкдпмзъгубчщяжцюйшхфь", "", CYRILLIC),
    "Serbian": Language("аиоенрсјтукдвпмлзгбчшцжћњљђхџф", "", CYRILLIC),
    "Greek": Language("αοιετσνηυρπκμλςάίόέδγχθήύώωφβξζψϊϋΐ", "", ("cp1253", "iso8859-7")),
    "Hebrew": Language("יוהלאתרבשמנםכדקחעפגצסטזןךץף", "", ("cp1255",)),
    "Arabic": Language("اليمونرتبةعدفسهكقحجأشطصخذىضثزغءظإئآؤ،ًُ", "", ("cp1256", "iso8859-6")),
    "Thai": Language("านร่อกเ้งมยิลวดทีัสตะปบคหแจพชขใไุ์ำโู็ึืผถธศณษฐซญ", "", ("cp874",)),
}  # fmt: skip
"""What is known of each language by its name."""

SIMPLIFIED = (
    "的一是人了不在有大中国和为这上他个地年来我会以到时要出的生学说道民家子也成行下们于后就"
    "发自之对得主长可过天作分方用多你着部能市等业全里工公经本都而高政法面门动日进区事代那去"
    "心小同北定开产前其军还然起种所如现理机体表力好外与文当两实重新三么只山水关明从化平建又"
    "制南内西没此将员名手最东头者月间无安看见各城十相但已些正口通想度加第她合院物性战由位常"
    "点海意场武使次二向治因立数样身情入原问把路被并利石老教万知级量任江及应省资委务元美特期"
    "世湖回系比气汉总展电科金先声提品设或义王社很统处四首共马形己儿司太目基领队直计别女权话"
    "少流命至报米给打变果书清活几州华解议更称程今决张导术府才保交放管结师便走达族反再题色五"
    "京河接条规式县白它改风光运信受什组听布百济党指论强做取技黄神选记斯真却职号界件花类何眼"
    "兵传带空干农边据集联古广完质阳难增历史专官每住商即步认车台林必死游举线言皇土团收考求德"
    "叫近备研争非具李众连调感转笑革该持始英克士尔让拉思根格造较际亲单朝红型价校约器字段周亚"
    "深候则功属积快图火千准究往极育装许参半令吃观鱼精办像帝八复影告远群包整构料随划算象容示"
    "投势热值夫网望源息语股铁断派速怎需片爱律纪支早况病境证编越局推满且列觉服双未居除乐企引"
    "标确织初青志率项飞球节察龙响药站施均消客失轻存低甚般击曾防请离落显罗营足素视护副食创余"
    "照兴占巴虽洲村费易试星木黑左宝置跟央识维采六底宫房音环案批切斗富乡另倒若按查故突责严错"
    "您吗吧呢啊哪够差评酒店订买卖货屋菜味喝丽爽赞糟糕烂坏慢贵宜荐剧演歌曲"
)
CHANGED = (
    "国为这个来会时学说们于后发对长过着业里经门动进区开产军还种现机体与当两实么关从内没将员"
    "东头间无见战点场数样问并万级应资务气汉总电声设义统处马儿领队计别权话报给变书几华议称决"
    "张导术结师达题条规县风运组听济党论强黄选记却职号类传带干农边据联广质阳难历专认车台游举"
    "线团备争众连调转该尔让较际亲单红价约字段亚则属积图准极装许参观鱼办复远构随势热网语铁断"
    "爱纪况证编满觉双乐标确织项飞节龙响药轻击请离显罗营视护创余兴占虽费试宝识维采宫环斗乡责"
    "严错吗够评订买卖货丽赞烂坏贵荐剧"
)
_CHANGED_TO = (
    "國為這個來會時學說們於後發對長過著業裡經門動進區開產軍還種現機體與當兩實麼關從內沒將員"
    "東頭間無見戰點場數樣問並萬級應資務氣漢總電聲設義統處馬兒領隊計別權話報給變書幾華議稱決"
    "張導術結師達題條規縣風運組聽濟黨論強黃選記卻職號類傳帶幹農邊據聯廣質陽難歷專認車臺遊舉"
    "線團備爭眾連調轉該爾讓較際親單紅價約欄位亞則屬積圖準極裝許參觀魚辦復遠構隨勢熱網語鐵斷"
    "愛紀況證編滿覺雙樂標確織項飛節龍響藥輕擊請離顯羅營視護創餘興佔雖費試寶識維採宮環鬥鄉責"
    "嚴錯嗎夠評訂買賣貨麗贊爛壞貴薦劇"
)

TRADITIONAL = SIMPLIFIED.translate(str.maketrans(CHANGED, _CHANGED_TO))
"""Frequent Han characters as written in Taiwan and Hong Kong."""

FREQUENT_KANA = (
    "のにはをたがでてとしれさいるすなかもらりまこうんあくきっおだけよ。、ーンスルトイラアリクレシドロコプタマ"
)
"""Frequent hiragana, katakana and marks."""

FREQUENT_KANJI = (
    "日一人国会年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千"
    "水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨同事自社発者地業方新場員立開手力問代明動京目通言理体田"
    "主題意不作用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住真有口少町料"
    "工建空急止送切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤青館屋"
    "色走秋夏習駅洋旅服借飲肉堂鳥飯勉茶弟牛魚好良最高低評価値段届商満対応全然感想面白部性的定実関係期続経済市都県"
)
"""Frequent kanji."""

FREQUENT_HANGUL = (
    "이다는에을가의고하은지를도한로사기리아서나어자시대해그라정만있스인제으일보전수주부게구여원들신상과장마니것요영화"
    "진안없좋너무데우오소공동연조와까내미비무때더면거려말최중반식생물음드네러모던선성세간경유관위학교각야등분차명천"
    "번발작월문물용년개실통국민방회당결집생박김했습합됩십할될않같많었였겠친절입맛점서배송제품추재별로감탄스토리군"
    "씨금타구트르크히단심적속계본버바체양운건강"
)
"""Frequent syllables of Korean."""
