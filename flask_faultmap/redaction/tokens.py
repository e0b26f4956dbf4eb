"""Which tokens are known by their shape? Those whose issuer marks them with a prefix.

Prefixes and lengths are facts, of the issuers' documentation and of the rules of gitleaks
(``config/gitleaks.toml``, commit 009e025; the expressions are our own). A length that an issuer may change is
a lower bound here.
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
    r"(?:sk|pk|rk)_(?:live|test|prod|dev|sbox)_\w{8,}+|sk_[a-f\d]{40,}+|whsec_[\w+/=]{8,}+",
    r"rzp_(?:live|test)_\w{10,}+",
    r"sq0(?:atp|csp|idp)-[\w-]{20,}+|EAA[A-Za-z\d-]{24,}+|access_token\$(?:production|sandbox)\$[\w$]{20,}+",
    r"FLW(?:SEC|PUB)K(?:_TEST)?-[\w-]{12,}+|EZ[AT]K[A-Za-z\d]{40,}+|shippo_(?:live|test)_\w{20,}+",
    r"duffel_(?:live|test)_[\w=-]{20,}+|(?:access|public)-(?:sandbox|development|production)-[a-f\d-]{36}",
    r"shp(?:at|ca|pa|ss|tka|it|ua|rt)_[a-fA-F\d]{24,}+",  # Shopify
    r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,}+|ABSK[\w+/=]{40,}+|LTAI[A-Za-z\d]{12,}+",  # clouds
    r"AKID[A-Za-z\d]{28,}+|AQVN[\w-]{30,}+|SCW[A-Z\d]{17}",
    r"[\w~.]{3}\dQ~[\w~.-]{31,34}",  # Azure
    r"AIza[\w-]{30,}+|ya29\.[\w-]{10,}+|GOCSPX-[\w-]{20,}+|1//0[\w-]{30,}+",  # Google
    r"do[opr]_v1_\w{16,}+|HRKU-[\w-]{30,}+|v1\.0-[a-f\d]{24}-[a-f\d]{100,}+|nfp_\w{24,}+|rnd_\w{24,}+",
    r"fm2_[\w+/=]{40,}+|fo1_[\w-]{30,}+|sbp_[a-f\d]{32,}+|sb_secret_[\w-]{20,}+|napi_\w{32,}+",
    r"pscale_(?:tkn|pw|oauth)_[\w=.-]{24,}+|dapi[a-f\d]{32}+(?:-\d)?|hv[sbr]\.[\w-]{20,}+",
    r"[A-Za-z\d]{14}\.atlasv1\.[\w=-]{40,}+|pul-[a-f\d]{32,}+|dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{24,}+",
    r"ops_eyJ[\w=-]{40,}+|tskey-[\w-]{16,}+|dckr_(?:pat|oat)_[\w-]{20,}+|AGE-SECRET-KEY-1\w{16,}+",
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{8,}+|xapp-[\w-]{16,}+|\d{5,16}:A[\w-]{33,}+",  # Slack, Telegram
    r"[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}|mfa\.[\w-]{60,}+",  # Discord
    r"SK[a-fA-F\d]{32}(?!\w)|SG\.[\w-]{16,64}\.[\w-]{16,}+|(?:pub)?key-[a-f\d]{32}+",
    r"re_[A-Za-z\d]{8}_[A-Za-z\d]{20,}+",
    r"[a-f\d]{32}-us\d{1,2}(?!\w)|[a-f\d]{32}-[a-f\d]{8}-[a-f\d]{8}(?![\w-])",
    r"x(?:key|smtp)sib-[a-f\d]{32,}+[\w-]*+",
    r"npm_\w{30,}+|pypi-Ag[\w-]{16,}+|rubygems_\w{24,}+|oy2[a-z\d]{43}|cio[A-Za-z\d]{32}|CLOJARS_\w{40,}+",
    r"NR(?:AK|JS|RA|II|AL|SP|BR|MA)-[\w-]{16,}+|[a-f\d]{36}NRAL|gl(?:c|sa)_[\w+/=]{24,}+",
    r"sntry[su]_[\w+/=-]{24,}+|dt0[a-z]\d\d\.[A-Za-z\d]{24}\.[A-Za-z\d]{40,}+|hc[a-z]{2,3}k_\w{40,}+",
    r"ph[cx]_\w{32,}+",
    r"CC(?:IPAT|IPRJ)_\w{20,}+|bk(?:ua|at|cq)_\w{24,}+|sq[pua]_[a-f\d]{32,}+|snyk_[\w.-]{24,}+",
    r"AKCp[\w-]{40,}+",
    r"lin_(?:api|oauth)_\w{24,}+|PMAK-[\w-]{24,}+|fig[dour]_[\w-]{20,}+|ntn_\w{24,}+|secret_[A-Za-z\d]{40,}+",
    r"pat[A-Za-z\d]{14}\.[a-f\d]{64}|CFPAT-[\w-]{30,}+|tfp_[\w-]{30,}+|sl\.[\w-]{60,}+|apify_api_\w{24,}+",
    r"rdme_[a-z\d]{40,}+|pnu_[A-Za-z\d]{30,}+|fio-u-[\w=-]{40,}+",
    r"(?:sdk|mob|api)-[a-f\d]{8}(?:-[a-f\d]{4}){3}-[a-f\d]{12}",
    r"[sp]k\.(?:eyJ[\w-]{20,}+(?:\.[\w-]++)?|[a-z\d]{60}\.[a-z\d]{22})",
    r"secret-(?:live|test)-[\w=-]{20,}+|A{21,}[\w%]{20,}+|CAACEdEose0[\w-]{16,}+",
    r"A3-[A-Z\d]{6}-(?:[A-Z\d]{11}|[A-Z\d]{6}-[A-Z\d]{5})(?:-[A-Z\d]{5}){3}",  # 1Password, Adobe
    r"p8e-[a-z\d]{32}",
    r"(?:cmVmd|ZXlK|dG9rO)[A-Za-z\d+/]{40,}+=*|bedrock-api-key-[\w+/=]{16,}+",  # encoded ones, Bedrock
    r"(?:sc|ext|scauth|authress)_[A-Za-z\d]{5,30}\.[A-Za-z\d]{4,6}\.acc[_-][\w-]{10,32}\.[\w+/=-]{30,}+",
    r"LS0tLS1CRUdJTi(?!BDRVJU|BQVUJM)[\w+/=]{12,}+",  # a private key, encoded
    r"4b1d[A-Za-z\d]{38}(?![A-Za-z\d])|dnkey-[\w=-]{26}-[\w=-]{52}|\d{15,16}\|[\w-]{27,40}(?![\w-])",
    r"fm1[ar]_[\w+/=]{40,}+|[ps]at\.[\w-]{22}\.[a-f\d]{24}\.[A-Za-z\d]{20}|ico-[A-Za-z\d]{32}",
    r"s-s4t2(?:ud|af)-[a-f\d]{64}",
    r"(?:live|test)_(?:pub_)?(?=(?:[A-Za-z]{0,30}\d){3})[A-Za-z\d]{30,}+",
    r"[A-Za-z\d]{6}_[A-Za-z\d]{29}_mmk|API-[A-Z\d]{26}",
    r"00(?=[\w-]{0,39}[A-Z])(?=[\w-]{0,39}[g-z])[\w-]{40}(?![\w-])|sha256~[\w-]{43}",  # Okta, OpenShift
    r"tk-us-[\w-]{40,}+",
    r"sm_[aps]at_[A-Za-z\d]{16,}+|sgp_(?:(?:[a-fA-F\d]{16}|local)_)?[a-fA-F\d]{40}",
    r"s\.(?=(?:[A-Za-z]{0,23}\d){2})[A-Za-z\d]{24}(?![A-Za-z\d])|t1\.[\w-]{1,200}+={0,2}\.[\w-]{86}={0,2}",
    r"YC(?=[\w-]{0,37}\d)[\w-]{38}(?![\w-])|b_(?=(?:[a-z=_-]{0,40}\d){3})[a-z\d=_-]{44}(?![\w=-])",
    r"[sp]k-lf-[a-f\d-]{36}|tvly-[\w-]{20,}+|fc-[a-f\d]{32}|vc[a-z]_\w{24,}+|vercel_blob_rw_\w{20,}+",
    r"[12]/\d{10,20}(?:/\d{10,20})?:[a-f\d]{32}|pk_\d{6,10}_[A-Z\d]{32}|pat-(?:na|eu|ap)\d-[a-f\d-]{36}",
    r"ess[au]_[\w=-]{30,}+|oauth:[a-z\d]{30}(?!\w)|pdus\+[\w-]{16,}+|pub[a-f\d]{32}(?!\w)",
    r"eu01xx[a-f\d]{30}NRAL",
    r"ory_(?:pat|at|rt|ac|st)_[\w.-]{24,}+|cf(?:ut|at|k)_\w{32,}+|bce-v3/ALTAK-\w{16,}+/[a-f\d]{32,}+",
    r"AKLT\w{30,}+",
    r"GOOG[A-Z\d]{20,}+|AQ\.Ab[\w-]{40,}+|[\w-]{11,24}:APA91b[\w-]{100,}+",
    r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)[\w+/=%]{40,}+",
    r"st\.[a-f\d-]{24,36}\.[a-f\d]{32}\.[a-f\d]{32}|0\.[a-f\d-]{36}\.\w{30}:[\w+/=]{22,}+",
    r"dd[opw]_[A-Za-z\d]{36}",
    r"atkn_\w{40,}+|c[ks]_[a-f\d]{40}(?!\w)|[a-f\d]{24}:[a-f\d]{64}(?!\w)",
    r"pdl_(?:live|sdbx)_apikey_\w{26,}+|AQE[A-Za-z\d+/=]{60,}+",
    r"scp-(?:live|test)-[a-f\d]{32}|[a-f\d]{10}msh[a-f\d]{15}p1[a-f\d]{6}jsn[a-f\d]{12}",
    r"(?:e2b|dtn|rootly|cal_live)_[a-f\d]{32,}+",
    r"a[ks]-(?=[a-z\d]{0,21}[A-Z])(?=[A-Za-z]{0,21}\d)[A-Za-z\d]{22}(?![\w-])|rpa_[A-Z\d]{40,}+",
    r"bb_live_[\w-]{20,}+|m0-[A-Za-z\d]{40}",
    r"mlsn\.[a-f\d]{64}|sk(?=[a-z\d]{0,20}[A-Z])[A-Za-z\d]{80,}+|sec-c-[\w=-]{40,}+",
    r"ATTA[A-Za-z\d]{64,}+|[um]r?\d{6,10}-[a-f\d]{24}(?!\w)",
    r"cu_[a-f\d]{32}|dsp_[a-f\d]{40}|packagist_[a-z]{3}_[a-f\d]{60,}+|chpt_\w{12,}+",
    r"(?:aph0|esecret|unkey|retool|tmprl)_\w{20,}+",
    r"pa-(?=[a-z\d_-]{0,42}[A-Z])(?=[A-Za-z_-]{0,42}\d)[\w-]{43}(?![\w-])|secret-[A-Za-z\d]{40,}+",
    r"(?:n8n_api|dbt[cu]|zpka)_\w{30,}+",
    r"tr_(?:dev|prod|stg|preview)_\w{16,}+|NF-[A-Za-z\d]{32}|fhb-[A-Za-z\d]{40}|testsk_\w{20,}+",
    r"signkey-(?:test|prod|branch)-[a-f\d]{32,}+",
    # What many others have: a short word, "_" and a long run of letters of both cases and digits.
    r"[a-z][a-z\d]{1,11}(?:_[a-z\d]{1,12}){0,3}_(?=(?:[A-Za-z]{0,26}\d){2})(?=[a-z\d]{0,27}[A-Z])(?=[A-Z\d]{0,27}[a-z])"
    r"[A-Za-z\d]{28,}+",
)
HOOK = (
    r"(?i)(hooks\\*\.slack(?:-gov)?\.com(?:\\*/)(?:services|workflows|triggers)(?:\\*/)"
    r"|discord(?:app)?\.com(?:\\*/)api(?:\\*/)(?:v\d{1,2}(?:\\*/))?webhooks(?:\\*/)"
    r"|webhook\.office\.com(?:\\*/)webhookb2(?:\\*/)|outlook\.office(?:365)?\.com(?:\\*/)webhook(?:\\*/)"
    r"|open\.(?:feishu\.cn|larksuite\.com)(?:\\*/)open-apis(?:\\*/)bot(?:\\*/)(?:v2(?:\\*/))?hook(?:\\*/)"
    r"|events\.pagerduty\.com(?:\\*/)integration(?:\\*/)|hc-ping\.com(?:\\*/)|(?:\\*/)hooks(?:\\*/)(?=[a-z\d/]{20})"
    r"|chat\.googleapis\.com(?:\\*/)v1(?:\\*/)spaces(?:\\*/)"
    r"|hooks\.zapier\.com(?:\\*/)hooks(?:\\*/)catch(?:\\*/)|maker\.ifttt\.com(?:\\*/)(?:use|trigger)(?:\\*/)"
    r"|api\.telegram\.org(?:\\*/)(?:file(?:\\*/))?bot)(?!\[redacted\])[^\s\"'<>]++"
)
TOKEN_PATTERNS: Patterns = (
    (
        ("hooks", "webhook", "googleapis", "ifttt", "telegram", "/hook", "pagerduty", "hc-ping"),
        HOOK,
        rf"\1{HIDDEN}",
    ),
    ((), rf"(?<![A-Za-z0-9])(?=\S{{13}})(?:{'|'.join(TOKENS)})", HIDDEN),
)
