"""Sentences made from patterns: what people review, said without an opinion, and with one.

The public sets hold no sentence that is labelled neutral, and no film or song at all. News speak of films without an
opinion, so without sentences that have one a model learns that what speaks of films is neutral.
"""

from __future__ import annotations

import numpy as np

__all__ = ["statements", "verdicts"]

WORDS = {
    "thing": "这本书 这部电影 这家餐厅 这款手机 这件衣服 这个包裹 这台电脑 这首歌 这个软件 这家酒店 这部电视剧 这道菜",
    "place": "北京 上海 超市 网上 学校附近 公司楼下 商场三楼 火车站旁边 京东 老家 图书馆 机场",
    "time": "昨天 今天 上周五 去年 三月份 国庆期间 早上 晚上八点 前几天 2019年 周末 下午两点",
    "goods": "一本小说 两斤苹果 一张电影票 一双鞋 一瓶洗发水 一部手机 一件外套 一箱牛奶 一份午饭 一个键盘 三本教材",
    "person": "我 他 妈妈 同事 我们 朋友 孩子 老师 客服 老板 邻居 她",
    "number": "三 五 12 二十 300 两 128 一百 45 八",
    "what": "这部电影 这部剧 这本书 这首歌 这个游戏 这家店 这道菜 演员 导演 剧情 音乐 味道 服务 价格 质量 画面 结局 "
    "故事 歌词 app 电影 小说 节目 演出 课程 老师 团队 体验 效果 整体 特效 台词 文笔 环境 口感",
    "very": "真的 太 非常 很 特别 实在 确实 真是 有点 相当 挺 十分",
    "good": "好看 棒 精彩 好听 好吃 有意思 感人 出色 优秀 舒服 漂亮 贴心 专业 耐看 震撼 用心 实用 新鲜 方便 划算 nice",
    "bad": "难看 差 无聊 难听 难吃 没意思 失望 糟糕 粗糙 敷衍 吵 脏 难用 俗套 拖沓 坑 烂 乏味 假 慢 low",
    "never": "一点也不 一点都不 并不 不 真不 不算 绝不",
    "more": "推荐大家去看 下次还会来 值得一看 五星好评 强烈推荐 意犹未尽 回味无穷 物超所值 爱了爱了 超出预期 百看不厌",
    "less": "再也不会来了 浪费时间 浪费钱 后悔了 不推荐 差评 大失所望 退款 看不下去 避雷 完全不值 不会再买",
}

PATTERNS = (
    "{person}{time}在{place}买了{goods}",
    "{person}在{place}买了{goods}",
    "{time}{person}去了{place}",
    "{thing}一共有{number}种颜色",
    "{thing}的价格是{number}元",
    "{thing}是{time}发布的",
    "{what}由{person}负责",
    "{person}{time}谈到了{what}",
    "{person}{time}收到了{goods}",
    "{thing}在{place}可以买到",
    "{person}打算{time}去{place}",
    "{thing}由{number}个部分组成",
    "{goods}卖{number}块钱",
    "请问{thing}多少钱？",
    "请问{place}怎么走？",
    "{thing}什么时候到货？",
    "{thing}是{person}{time}买的",
    "{person}还没看{thing}",
    "{person}第一次用{thing}，用了{number}天",
    "这本书分为{number}章，共{number}页",
    "影片时长{number}分钟，{time}上映",
    "这部电影讲的是{number}个人在{place}的故事",
    "{place}到{place}坐地铁要{number}分钟",
    "房间在{number}楼，{time}入住",
    "{person}点了{number}个菜和一碗米饭",
    "餐厅{time}开门，位于{place}",
    "快递{time}送到{place}",
    "{time}的会议改到{number}点",
    "屏幕是{number}英寸，重{number}克",
    "作者是{place}人，{time}出版了{goods}",
    "{person}和{person}{time}在{place}见面",
    "{person}{time}看了一部电影",
    "{person}{time}读完了{goods}",
    "导演和演员{time}到{place}参加活动",
)


GOOD = (
    "{what}{very}{good}",
    "{what}{very}{good}，{more}",
    "{what}{good}，{what}{very}{good}，{more}",
    "{more}",
    "{more}，{what}{good}",
    "{what}{never}{bad}",
    "{what}{never}{bad}，{more}",
    "{what}没有让人失望",
    "没让{person}失望，{what}{very}{good}",
    "{never}{bad}",
    "{very}{good}",
    "本来以为{what}{bad}，没想到{very}{good}",
    "{time}{person}看了{thing}，{very}{good}",
)

BAD = (
    "{what}{very}{bad}",
    "{what}{very}{bad}，{less}",
    "{what}{bad}，{what}{very}{bad}，{less}",
    "{less}",
    "{less}，{what}{very}{bad}",
    "{what}{never}{good}",
    "{what}{never}{good}，{less}",
    "{what}让人失望",
    "{what}没有想象中那么{good}",
    "{never}{good}",
    "{very}{bad}",
    "本来以为{what}{good}，没想到{very}{bad}",
    "{time}{person}看了{thing}，{very}{bad}",
)


def statements(count: int, seed: int = 0) -> list[str]:
    """Return so many distinct sentences without an opinion."""
    return _made(PATTERNS, count, np.random.default_rng(seed))


def verdicts(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return so many distinct sentences of praise, and as many of blame, negations among them."""
    rng = np.random.default_rng(seed)
    return _made(GOOD, count, rng), _made(BAD, count, rng)


def _made(patterns: tuple[str, ...], count: int, rng: np.random.Generator) -> list[str]:
    found: dict[str, None] = {}
    choices = {name: words.split() for name, words in WORDS.items()}
    while len(found) < count:
        text = patterns[rng.integers(len(patterns))]
        while "{" in text:
            name = text[text.index("{") + 1 : text.index("}")]
            text = text.replace("{" + name + "}", str(rng.choice(choices[name])), 1)
        found.setdefault(text if text.endswith("？") else text + str(rng.choice(["", "。", "！"])))
    return list(found)
