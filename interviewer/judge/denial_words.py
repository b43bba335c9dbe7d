"""The words and phrases by which people call a statement untrue, for `interviewer.judge.denial`.

They are those of talk about statements, not those of the field: 错误样本 and rejected answers deny nothing. Before you
add one, see that the map's own texts deny nothing by it (`tests/unit/test_denial.py` counts them).
"""

from __future__ import annotations

import re

_FALSE_ZH = (
    r"胡说|胡扯|瞎说(?!的)|瞎编|瞎加|瞎讲|扯淡|放屁|鬼扯|谣言|谣传|辟了?谣|谬论|谬误|荒谬|荒唐|无稽|子虚乌有|"
    r"讹传|误区|误解|误读|误导(?!模型|训练|梯度)|误传|伪命题|伪科学|迷信|说反|讲反|搞反|弄反|颠倒黑白|"
    r"本末倒置|(?:恰恰|正好|刚好|恰好|截然|完全|事实|真相|实际)(?:情况)?(?:与[^,。]{1,60})?相反(?!的)|"
    r"与事实(?:不符|相悖|相反)|不符合事实|不符合实际|失实|不实(?=$|[,。;的])|站不住|立不住|不成立|不属实|"
    r"毫无(?:根据|依据|道理)|没有?(?:任何)?(?:根据|依据|道理|证据)|查无实据|无凭无据|不足为信|不足采信|别信|"
    r"莫信|别当真|不能?当真|听听就好|鬼才信|谁信|谁会信|骗人的|唬人|被?忽悠|被坑了|打脸|露馅|吹牛|笑话|不接受|"
    r"不认可|不认同|不同意|不赞同|不赞成|不买账|不苟同|难以苟同|不敢苟同|不敢恭维|不信(?!任|息|你|您|的话|邪)|"
    r"不相信|信不过|不予(?:采信|认可)|否认|反驳|驳回|驳斥|批驳|(?:被|已)[^,。]{0,8}(?:推翻|证伪|否定|打脸|"
    r"打假)|证伪|拒绝(?:承认|接受|相信)|坚决反对|反对(?=这|该|$|[,。;])|反对(?:的)?(?:就)?是|持反对|拉倒吧|"
    r"得了吧|算了吧|想多了|想得美|做梦|梦话|才怪|怎么可能|哪有这(?:回事|种事)|没(?:有)?这(?:回|种)事|没有的事|"
    r"八竿子打不着|风马牛|不能苟同|差矣|谬矣|非也|大谬|不可能(?:为真|是真|成立)|不为真|为假(?=$|[,。])|"
    r"是否定的|这题(?:零|0)分|不给分|判为错|没影儿?的|瞎传|胡诌|鬼话|瞎话|屁话|(?:[人者们常都你]|大家|"
    r"^)[^,。]{0,4}(?:误以为|误认为|错以为)|没对过|站不住|讲不通|说不通|(?:不能|难以|无法)成立|不是事实|"
    r"不真实(?=$|[,。])|误人子弟|张口就来|言过其实|夸大其词|(?:错误|不正确|不对|片面)的(?:说法|观点|理解|认识|"
    r"看法|结论|想法|表述)|理解(?:有误|偏差|错了|反了)|绝无可能|岂有此理|怎么会(?=[^,。]{4,80}[呢吗?])|"
    r"哪(?:里)?(?:有|会|来的?)[^,。]{2,80}(?:事|呢|道理|说法)|难道(?:真的|真是)|太阳[^,。]{0,8}西|见鬼|"
    r"有鬼(?=$|[,。])|没人买账|骗骗|丢掉这|忘掉这|(?:写|说|讲|弄|搞)错(?!的)|想错|记错|看错了|大错特错|"
    r"是错的(?!概率|[越时话])|就错了(?=$|[。])|都错了|是不对的|有误(?![差伤导])|不正确|不准确|外行话|门外汉|"
    r"编出来的|杜撰|捏造|臆想|想当然|一厢情愿|过度简化|以偏概全|张冠李戴|偷换概念|概念混淆|混淆了?概念|经不起|"
    r"重学|回炉|(?:压根|根本|完全|绝|决|并|事实)(?:就)?(?:不是|非|没有)(?:这|那)(?:样|么|回|种)?|不是(?:这|"
    r"那)么?(?:一)?(?:回事|样)|不是那样|绝非|假话|是假的|假的(?=$|[,。;])|(?:选|打|画|答案是?|"
    r"应判)[^,。]{0,4}(?:×|叉|[“\"「]错)"
)
_FALSE_EN = (
    r"(?:this|that|it|idea|claim|which)(?:'s| is) (?:\w+ )?nonsense|(?:utter|pure|complete|total|sheer|"
    r"absolute) nonsense|(?:^|(?<=[.!?;] ))nonsense|rubbish|bunk|bogus|baloney|hogwash|poppycock|claptrap|humbug|"
    r"malarkey|bull\w*|garbage claim|untrue|falsehood|(?:is|are|was|were|'s|simply|just|plainly|patently|demonstrably|"
    r"out|it|that|answer is|came out) \"?(?:false|wrong|incorrect|mistaken|erroneous|inaccurate|misguided|"
    r"unfounded|baseless|negative|absurd|ridiculous|invalid|backwards)(?! (?:positive|negative|negatives|"
    r"positives|sample|answer|label|response))|(?:get|gets|getting|got|have|has|had) (?:it|this|that) (?:all |"
    r"completely |exactly )?(?:wrong|backwards)|(?:^|(?<=[.!?;] ))wrong(?=\s*[.!]|$)|myth|(?<!\")misconception(?!s?\")|"
    r"fallacy|fairy ?tale|old wives|urban legend|legend has|fiction|a lie|lies(?=\s*[.!]|$)|superstition|"
    r"a (?:\w+ )?(?:mistake|error) to|debunk\w*|disprov\w+|refut\w+|discredited|(?:i|we|would|must|to|flatly|"
    r"firmly|categorically|utterly|who|people|one|nobody|body|they) (?:reject|deny|dispute|contest|dismiss|"
    r"discard|oppose|disagree)(?!ment)|(?:be|is|are|was|been) (?:rejected|denied|disputed|dismissed|discarded|"
    r"thrown out|overturned|contradicted)|disagree(?!ment)|beg to differ|couldn't agree less|"
    r"could not agree less|cannot accept|can't accept|refuse to (?:accept|believe|agree)|(?:don't|do not|"
    r"wouldn't|would not|can't|cannot|never|won't|not) (?:for \w+ \w+ )?(?:\w+ )?(?:buy|believe|accept|"
    r"fall for|swallow)(?! (?:it|this|that) yet)|not convinced|shoot (?:it|that|this) down|strike out|"
    r"struck out|contrary to|(?:exact|very|exactly the|the|quite the) opposite|on (?:its|their) head|"
    r"misstates?|misrepresents?|misleading|misinformed|misunderst\w+|muddles?|mixes up|confuses|"
    r"oversimplif\w+|falls apart|(?:doesn't|does not|don't|won't|cannot|can't) (?:hold|stand|stack)|"
    r"no (?:truth|evidence|basis|grounds|merit|support|substance|time for)|nothing (?:of the sort|of the kind|"
    r"could be further)|further (?:from|off)|far from (?:it|the truth|true|being)|pigs (?:\w+ )?fly|"
    r"in your dreams|dream on|yeah,? right|green cheese|made? up out of|made that up|invented|says who|"
    r"(?:isn't|is not|ain't|not) (?:so|true|the case|right|correct)(?=\W|$)|off the mark|off base|off target|"
    r"wide of the mark|contradiction|fail my|urban myth|who told you|hot air|wishful|doesn't (?:work|"
    r"happen) (?:like|that)|not how (?:it|this|that)|quite differently|no such thing|old hat|give me a break|"
    r"come off it|hold(?:s)? water|(?:incorrectly|wrongly|falsely|mistakenly|erroneously) (?:\w+ )?(?:that|"
    r"said|reported|believed|claimed|assumed|stated|thought|taught|told|written)|(?:reality|practice|"
    r"the (?:code|paper|data|docs|evidence|facts|documentation)) (?:\w+ )?(?:otherwise|differently|"
    r"rules? (?:\w+ )?out|contradicts?|disagrees?)|explicitly rules out|rude awakening|by no means|"
    r"in no (?:sense|way|universe|world)|under no circumstances|queen of england|hell freezes|unlearn|"
    r"forget (?:whatever|everything|what)|just kidding|be serious|fooling (?:myself|yourself)|(?:never|"
    r"not) (?:has been|was|been|did|true|so|the case)(?=\W|$)|couldn't be more wrong|(?:dead|plain|flat-out|"
    r"flat out|just|simply) wrong|unsupported|unsubstantiated|unfounded|flawed|fallacious|spurious|illusion|"
    r"delusion|(?:cannot|can't) be (?:true|right)|the (?:reverse|other way (?:around|round))|on the contrary|"
    r"the contrary is|misreading|exaggerat\w+ claim|has (?:clearly |obviously |evidently )?(?:never|not) read|"
    r"(?:don't|do not|never) (?:\w+ )?(?:repeat|write|say|tell (?:me|anyone|people)) that|(?:nobody|"
    r"no one) (?:serious(?:ly)?|sane|who) (?:\w+ ){0,3}(?:believes?|thinks?|claims?)|(?:answer|verdict|"
    r"mark)[^,.]{0,12}(?:false|wrong|no)(?=\W|$)"
)
_NO = (
    r"(?:不可|不能|不容|不必|无可|没法|无法|没人|没有人|无人|谁也|谁都|谁能|难以|从不|从未|并不是|并非|不是|"
    r"毫不|不会|没什么|没有什么|怎么能|何必|不|假)\s*|(?:no one|nobody|none|not|never|cannot|can't|couldn't|"
    r"won't|isn't|wasn't|nothing|hardly|hard to|no reason to|nor|without|no need to|no room to|impossible to|"
    r"far from|little|few|who could|who would|is no|be no|no)(?: \w+){0,3} "
)
NOPE = re.compile(
    r"\W*(?:不|不不不?|错|错了|不对|才不|没有|没有的|不存在的?|反了|恰好反了|反过来才对|逗我(?:呢)?|"
    r"开玩笑(?:吧|呢)?|离谱|没门|休想|别闹|想多了|不可能(?:的)?|胡来|瞎扯|哪有|假的|不然|nope|no|nah|no way|"
    r"not at all|wrong|false|never|hell no|absolutely not|certainly not|definitely not|of course not|"
    r"not even close|not really|not on your life|my foot|as if|come on|hardly|not quite|not so|not true|"
    r"incorrect|untrue)[\W呢吧啊的了]*(?=$|,)"
)
"""Whole clauses that deny what stands before them."""
FALSE = re.compile(
    r"\b(?:couldn't|could not|can't|cannot) (?:be (?:further|more wrong|less true)|agree less)"
    rf"|(?P<no>{_NO})?我?(?:{_FALSE_ZH}|\b(?:{_FALSE_EN}))"
)
"""What calls something untrue; `no` before it takes that back."""
TRUE = re.compile(
    r"假不了|一点不错|千真万确|没(?:有)?(?:半点)?虚假|当然是|一点没错|完全正确|确实如此|的确如此|是对的(?=$|[,。])|"
    r"是我错|是他错|才是误|\b(?:it is|it's|which is|and is) (?:\w+ )?(?:right|true|correct)\b|\bin fact\b"
)
"""What affirms in spite of such words."""
DENIERS = re.compile(
    r"(?:否认|反对|不信|不相信|质疑|不同意|不认同|怀疑|反驳|不承认)[^。]{1,160}(?:的人|者|(?:是|都|才)(?:他|"
    r"她|你|我|他们|他自己)|等于|才是|就是(?!错))|(?:曾经|曾|以前|原来|一开始|起初)[^,。]{0,6}(?:不信|不相信|"
    r"怀疑|反对|不同意)|难道不是|(?:反过来|相反)[^,。]{0,4}才|\b(?:those|people|anyone|anybody|everyone|"
    r"whoever|someone|the sceptics|critics|folks) (?:who |that )?(?:deny|denies|reject|rejects|dispute|"
    r"disputes|doubt|doubts|disagree|say it's false|says it's false|call it|tells? you otherwise|"
    r"claims? otherwise)|\botherwise\b|\bto (?:deny|reject|doubt|dispute)\b|\bcalling it\b|\bwrong (?:to|"
    r"in) (?:doubt|deny|reject|disput)|\b(?:used to|once) (?:doubt|deny|reject|dispute|disbelieve|disagree)|"
    r"\bother than this\b"
)
"""Those who deny are spoken of, and called wrong."""
GOES_ON = re.compile(r":|(?:其实|实际上|事实上|真相是|而是)|\b(?:in fact|actually|in reality|in truth|rather)\b")
"""From here on something is said in the place of the claim."""

FRAME_ZH = re.compile(
    r"怎么可能|怎么会|哪(?:里)?(?:有|会)|难道|误以为|误认为|错以为|要是|更正|对于|定义|这题|所谓|说什么|"
    r"(?:有人|有些人|很多人|别人|网上|坊间|到处|大家|人们|老有人|总有人|某些)[^,。]{0,8}(?:说|讲|传|认为|以为|"
    r"觉得|主张|声称|讨论)|(?:教程|文章|博客|帖子|材料|教材|答案|资料|视频)[^,。]{0,6}(?:写着|写了|说|讲|"
    r"声称)|谁(?:敢|告诉|说|要是|跟你)|(?:如果|若|要是|倘若)[^,。]{0,4}(?:有人|谁|说|主张|认为)|(?:这|该|那|"
    r"此)(?:个|种|一|类)?(?:说法|讲法|论调|观点|看法|想法|主张|论断|结论|表述|前提|判断|认识|理解|句话|话|"
    r"命题|陈述|传言|断言)|的(?:说法|讲法|论调|观点|看法|想法|主张|论断|表述|前提|传言|断言)|(?:相信|主张|"
    r"认为|以为|声称|断言|宣称|觉得)(?!模型)|判断题|一句话|观点[:：]|我(?:完全|根本|坚决|绝|从来|要|必须|可|"
    r"很|一直|并)?(?:都|就)?(?:不|否认|反对|反驳|拒绝|驳斥|没法|难以|质疑)|传说|论文里|(?:把|将|与|和|"
    r"跟)[\"“「]|^[\"“「]|情况与|说(?=[^,。]{4,})"
)
FRAME_EN = re.compile(
    r"\b(?:reported|correct|right|out|taught you|it be said|no evidence|evidence whatsoever|otherwise|"
    r"kidding) that\b|^if |\b(?:idea|claim|notion|view|belief|suggestion|proposition|hypothesis|conviction|"
    r"assertion|assumption|statement|line|myth|misconception|fallacy|tale|legend|fiction|rumou?r|story|lie|"
    r"argument|theory|thought|opinion|slogan|sentence|premise|contention|saying|dogma|thesis|wisdom|"
    r"superstition|point)s?,? (?:namely |is |goes )?(?:that\b|\"|“)|\b(?:say|says|said|claim|claims|think|"
    r"thinks|believe|believes|suppose|state|states|tell|tells|told|hear|hears|argue|argues|assume|assumes|"
    r"conclude|conclude[sd]?|repeat|repeating|maintain|maintains|insist|insists|swear|write|writes|teach|deny|"
    r"reject|dispute|doubt|disagree|differ|buy|accept|contest|refute|being the case|true|case|untrue|wrong|"
    r"false|mistaken|mistake|convinced|pretend|imagine|suggest|made? up[^,.]{0,16})(?: (?:me|you|us|them|"
    r"people|for \w+ \w+))?,? that\b|^that \w|^\"|^“|\bthey say\b|\bso the story\b|\btrue or false\b|"
    r"\bor so\b|\bpeople keep\b"
)
"""A claim in somebody's mouth."""
REPORTED = re.compile(
    r"谁(?:敢|告诉|说|跟你)|说什么|所谓|(?:有人|有些人|很多人|别人|网上|坊间|大家|教程|文章|博客|"
    r"论文里)[^,。]{0,8}(?:说|讲|传|认为|以为|写|提)|一种(?:观点|说法)|\b(?:they say|or so|people|folks|"
    r"blogs?|tutorials?|some|who told|have you believe|i used to think|rumou?r|legend|(?:often|commonly|"
    r"sometimes) (?:hears?|said|claimed|told))\b"
)
"""A claim that others are said to make."""
FILLER = re.compile(
    r"[这那此该其它他她你我们的了吧呢啊嘛吗呵哈嗯呀就都也还只可是但不过其实实际上事实上完全根本纯粹纯属简直真是非常很太有没一种个件句话说法讲法观点看法想法主张论调结论命题理解为算属于流传很广建议最好千万请大家朋友各位要会能让把被给对从来着过来后才发现得到于在上下里中与和跟及]|"
    r"\b(?:this|that|it|which|they|them|these|those|he|she|i|we|you|is|are|was|were|be|been|'s|'re|a|an|the|"
    r"and|but|so|or|of|to|just|simply|plain|plainly|utter|utterly|complete|completely|total|totally|pure|"
    r"sheer|quite|really|actually|all|in|on|at|by|for|with|as|have|has|had|do|does|did|would|will|could|"
    r"should|must|one|lot|every|single|time|they're|that's|it's|sorry|no|well|sure|oh|please|there|here|what|"
    r"such|absolute|absolutely|again|people|everyone|who|hears|idea|claim|story)\b|[\W_\d]"
)
"""What a verdict may hold besides: references, fillers, function words."""
REFERS = re.compile(
    r"\W*(?:其实|但|可|都)?(?:[这那此该]|他们|它|后来)|\W*(?:but |and |well )?(?:this|that|it|they|these|those)\b"
)
"""A clause that speaks of what stands before it."""
SAID = re.compile(r"[这那此该](?:种|个|一|类)?(?:说法|讲法|论调|观点|看法|想法|主张|论断|结论|表述|前提|传言)")
"""A claim that was told before."""
