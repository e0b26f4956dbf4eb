"""Which tokens are known by their shape? Those whose issuer marks them with a prefix.

Prefixes and lengths are facts; a length that an issuer may change is a lower bound here.
"""

from flask_faultmap.redaction.replacing import HIDDEN, Patterns

TOKENS = (
    r"eyJ[\w-]{10,}+(?:\.[\w-]++){0,4}",  # JSON Web Tokens
    r"gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_\w{16,}+",
    r"gl(?:pat|oas|dt|rt|rtr|cbt|ptt|ft|imt|agent|soat|ffct|wt)-[\w.-]{16,}+|GR1348941[\w-]{20,}+",  # GitLab
    r"AT(?:ATT|BB|CTT)[A-Za-z0-9][\w=-]{20,}+",  # Atlassian
    r"sk-(?=[\w-]{0,64}\d)[\w-]{16,}+|sess-[A-Za-z0-9]{32,}+|gsk_\w{24,}+|xai-\w{24,}+|pplx-\w{24,}+",
    r"hf_[A-Za-z0-9]{20,}+|api_org_[A-Za-z0-9]{20,}+|r8_\w{24,}+|nvapi-[\w-]{24,}+|csk-[a-z\d]{24,}+",
    r"tgp_v1_[\w-]{24,}+|fw_[A-Za-z0-9]{20,}+|pcsk_\w{24,}+|lsv2_(?:pt|sk)_\w{24,}+|jina_\w{32,}+",
    r"(?:sk|pk|rk)_(?:live|test|prod)_\w{8,}+|sk_[a-f\d]{40,}+|whsec_[\w+/=]{8,}+|rzp_(?:live|test)_\w{10,}+",
    r"sq0(?:atp|csp|idp)-[\w-]{20,}+|EAA[A-Za-z\d-]{24,}+|access_token\$(?:production|sandbox)\$[\w$]{20,}+",
    r"FLW(?:SEC|PUB)K(?:_TEST)?-[\w-]{12,}+|EZ[AT]K[A-Za-z\d]{40,}+|shippo_(?:live|test)_\w{20,}+",
    r"duffel_(?:live|test)_[\w=-]{20,}+|(?:access|public)-(?:sandbox|development|production)-[a-f\d-]{36}",
    r"shp(?:at|ca|pa|ss|tka|it)_[a-fA-F\d]{24,}+",  # Shopify
    r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,}+|ABSK[\w+/=]{40,}+|LTAI[A-Za-z\d]{12,}+",  # clouds
    r"AKID[A-Za-z\d]{28,}+|AQVN[\w-]{30,}+|SCW[A-Z\d]{17}",
    r"[\w~.]{3}\dQ~[\w~.-]{31,34}",  # Azure
    r"AIza[\w-]{30,}+|ya29\.[\w-]{10,}+|GOCSPX-[\w-]{20,}+|1//0[\w-]{30,}+",  # Google
    r"do[opr]_v1_\w{16,}+|HRKU-[\w-]{30,}+|v1\.0-[a-f\d]{24}-[a-f\d]{100,}+|nfp_\w{24,}+|rnd_\w{24,}+",
    r"fm2_[\w+/=]{40,}+|fo1_[\w-]{30,}+|sbp_[a-f\d]{32,}+|sb_secret_[\w-]{20,}+|napi_\w{32,}+",
    r"pscale_(?:tkn|pw|oauth)_[\w=.-]{24,}+|dapi[a-f\d]{32}+(?:-\d)?|hv[sbr]\.[\w-]{20,}+",
    r"[A-Za-z\d]{14}\.atlasv1\.[\w=-]{40,}+|pul-[a-f\d]{32,}+|dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{24,}+",
    r"ops_eyJ[\w=-]{40,}+|tskey-[\w-]{16,}+|dckr_(?:pat|oat)_[\w-]{20,}+|AGE-SECRET-KEY-1\w{16,}+",
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}+|xapp-[\w-]{16,}+|\d{8,10}:AA[\w-]{30,}+",  # Slack, Telegram
    r"[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}|mfa\.[\w-]{60,}+",  # Discord
    r"SK[a-f\d]{32}(?!\w)|SG\.[\w-]{16,64}\.[\w-]{16,}+|(?:pub)?key-[a-f\d]{32}+|re_[A-Za-z\d]{8}_[A-Za-z\d]{20,}+",
    r"[a-f\d]{32}-us\d{1,2}(?!\w)|[a-f\d]{32}-[a-f\d]{8}-[a-f\d]{8}(?![\w-])|x(?:key|smtp)sib-[a-f\d]{32,}+[\w-]*+",
    r"npm_\w{30,}+|pypi-Ag[\w-]{16,}+|rubygems_\w{24,}+|oy2[a-z\d]{43}|cio[A-Za-z\d]{32}|CLOJARS_\w{40,}+",
    r"NR(?:AK|JS|RA|II|AL|SP|BR|MA)-[\w-]{16,}+|[a-f\d]{36}NRAL|gl(?:c|sa)_[\w+/=]{24,}+",
    r"sntry[su]_[\w+/=-]{24,}+|dt0[a-z]\d\d\.[A-Z\d]{24}\.[A-Z\d]{40,}+|hca?[a-z]{2}k_\w{40,}+|ph[cx]_\w{32,}+",
    r"CC(?:IPAT|IPRJ)_\w{20,}+|bk(?:ua|at|cq)_\w{24,}+|sq[pua]_[a-f\d]{32,}+|snyk_[\w.-]{24,}+|AKCp[\w-]{40,}+",
    r"lin_(?:api|oauth)_\w{24,}+|PMAK-[\w-]{24,}+|fig[dour]_[\w-]{20,}+|ntn_\w{24,}+|secret_[A-Za-z\d]{40,}+",
    r"pat[A-Za-z\d]{14}\.[a-f\d]{64}|CFPAT-[\w-]{30,}+|tfp_[\w-]{30,}+|sl\.[\w-]{60,}+|apify_api_\w{24,}+",
    r"rdme_[a-z\d]{40,}+|pnu_[A-Za-z\d]{30,}+|fio-u-[\w=-]{40,}+|(?:sdk|mob|api)-[a-f\d]{8}(?:-[a-f\d]{4}){3}-[a-f\d]{12}",
    r"[sp]k\.eyJ[\w-]{20,}+(?:\.[\w-]++)?|secret-(?:live|test)-[\w=-]{20,}+|A{21,}[\w%]{20,}+|CAACEdEose0[\w-]{16,}+",
)
HOOK = (
    r"(?i)(hooks\\*\.slack(?:-gov)?\.com(?:\\*/)(?:services|workflows|triggers)(?:\\*/)"
    r"|discord(?:app)?\.com(?:\\*/)api(?:\\*/)(?:v\d{1,2}(?:\\*/))?webhooks(?:\\*/)"
    r"|webhook\.office\.com(?:\\*/)webhookb2(?:\\*/)"
    r"|chat\.googleapis\.com(?:\\*/)v1(?:\\*/)spaces(?:\\*/)"
    r"|hooks\.zapier\.com(?:\\*/)hooks(?:\\*/)catch(?:\\*/)|maker\.ifttt\.com(?:\\*/)(?:use|trigger)(?:\\*/)"
    r"|api\.telegram\.org(?:\\*/)bot)(?!\[redacted\])[^\s\"'<>]++"
)
TOKEN_PATTERNS: Patterns = (
    (("hooks", "webhook", "googleapis", "ifttt", "telegram"), HOOK, rf"\1{HIDDEN}"),
    ((), rf"(?<![A-Za-z0-9])(?=\S{{13}})(?:{'|'.join(TOKENS)})", HIDDEN),
)
