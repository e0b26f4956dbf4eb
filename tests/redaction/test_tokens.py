"""Tokens of services go by their shape, wherever they stand; names, digests and ids that look alike stay."""

import random
import re
import string

import pytest

from flask_faultmap.redaction import redact

# %24A stands for 24 letters and digits; so no scanner takes this file for a leak.
CLASSES = {
    "A": string.ascii_letters + string.digits,
    "L": string.ascii_lowercase + string.digits,
    "U": string.ascii_uppercase + string.digits,
    "H": "0123456789abcdef",
    "D": string.digits,
}
TOKENS = """
1password A3-%6U-%11U-%5U-%5U-%5U|1password-service ops_eyJ%260A|adobe p8e-%32L|age AGE-SECRET-KEY-1%58U
alibaba LTAI%20A|anthropic sk-ant-api03-%93AAA|artifactory AKCp%69A|artifactory-reference cmVmd%59A
atlassian ATATT3%186A|authress sc_%10A.%5A.acc_%16L.%60A|aws AKIA%16U|aws-bedrock ABSK%109A
aws-session IQoJb3JpZ2lu%200A|azure %3A8Q~%34A|beamer b_%44L|bitbucket ATBB%32A|clickhouse 4b1d%38A
clojars CLOJARS_%60L|cloudflare v1.0-%24H-%146H|databricks dapi%32H-2|defined dnkey-%26L-%52L
digitalocean dop_v1_%64H|doppler dp.pt.%43A|duffel duffel_test_%43A|dynatrace dt0c01.%24A.%64A
easypost EZAK%54A|facebook EAAM%110A|facebook-app %16D|%27A|flutterwave FLWSECK_TEST-%32H-X|fly fm1r_%120A
fly-2 fm2_%120A|fly-o fo1_%43A|frameio fio-u-%64A|gcp AIza%35A|gcp-hmac GOOG1E%55U|github ghu_%36A
github-pat github_pat_%82A|gitlab glpat-%20A|gitlab-routable glpat-%27A.01.%9L|gitlab-runner GR1348941%20A
grafana glsa_%32A_%8H|grafana-cloud glc_%60A|harness pat.%22A.%24H.%20A|hashicorp %14A.atlasv1.%65A
heroku HRKU-AA%58A|huggingface hf_%34A|infracost ico-%32A|intra42 s-s4t2ud-%64H|jwt eyJ%30A.eyJ%40A.%43A
jwt-base64 ZXlK%100A|linear lin_api_%40A|lob live_00%33H|mailchimp %32H-us12|mailgun key-%32H
mapbox pk.%60L.%22L|maxmind %6A_%29A_mmk|newrelic NRAK-%27U|newrelic-insert NRII-%32A|notion ntn_%11D%35A
npm npm_%36A|octopus API-%26U|okta 00aZ%38A|openai sk-proj-%74AT3BlbkFJ%74A|openshift sha256~%43A
perplexity pplx-%48A|plaid access-production-%8H-%4H-%4H-%4H-%12H|planetscale pscale_tkn_%43A
postman PMAK-%24H-%34H|prefect pnu_%36A|pulumi pul-%40H|pypi pypi-AgEIcHlwaS5vcmc%60A|readme rdme_%70L
rubygems rubygems_%48H|scalingo tk-us-%48A|sendgrid SG.%22A.%43A|sendinblue xkeysib-%64H-%16A
sentry sntrys_eyJpYXQiO%60A_%43A|sentry-user sntryu_%64H|settlemint sm_aat_%16A|shippo shippo_live_%40H
shopify shpat_%32H|slack xoxb-%12D-%12D-%24A|slack-app xapp-1-A%10U-%13D-%64L|sourcegraph sgp_%16H_%40H
sourcegraph-old sgp_%40H|square EAAA%60A|stripe sk_live_%24A|telegram 9%9D:A%34A|twilio SK%32H
twitter AAAAAAAAAAAAAAAAAAAAAA%80A|typeform tfp_%59A|vault hvs.%95A|vault-old s.12%22A|yandex t1.%20A.%86A
yandex-aws YC1%37A|asana 1/%16D:%32H|clerk sk_live_%40A|clickup pk_%8D_%32U|deno ddp_%36A
docker dckr_pat_%27A|e2b e2b_%40H|elastic essu_%60A|ghost %24H:%64H|groq gsk_%52A
hubspot pat-na1-%8H-%4H-%4H-%4H-%12H|kong kpat_aB12%36A|langfuse sk-lf-%8H-%4H-%4H-%4H-%12H
mailersend mlsn.%64H|openrouter sk-or-v1-%64H|ory ory_pat_%32A|pinecone pcsk_%6A_%63A
polar polar_oat_aB12%39A|posthog phx_%43A|resend re_%8A_%24A|supabase sbp_%40H
tailscale tskey-auth-%12ACNTRL-%32A|tavily tvly-dev-%32A|trello ATTA%72A|vercel vcp_%56A
woocommerce ck_%40H|xai xai-%80A
"""
SPELT = dict(entry.split(" ", 1) for entry in re.split(r"[|\n](?=[\w-]+ )", TOKENS.strip()))
ALIKE = """
commit 3f2a1b4c5d6e7f8091a2b3c4d5e6f7a8b9c0d1e2
commit 4b1d081884c7d659a2feaa0c55ad015a3bf4f1b2
digest sha256:4b1d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08f
id 123e4567-e89b-12d3-a456-426614174000
req_011CSHoEeqs5C35K2UUqR7Fy was slow
box_01HZX3Y5K8Q2W4E6R8T0Y2U4I6 is gone
test_something_that_has_a_very_long_name_indeed_2 failed
upload_file_to_some_bucket_v2_and_wait_until_done
pod web-7d4b9c6f5d-x2x9z restarted
arn:aws:iam::123456789012:role/my-role
trace 4bf92f3577b34da6a3ce929d0e0e4736, md5 d41d8cd98f00b204e9800998ecf8427e
my-very-long-service-name-in-eu-central-1.compute.internal
s.getElementsByClassNameAndTag is no function
sk-learn, t1.micro, fc-cache, pub-sub, live_migration, the 2/1234 ratio
"""


def spelt(template):
    choose = random.Random(template)
    return re.sub(r"%(\d+)([ALUHD])", lambda m: "".join(choose.choices(CLASSES[m[2]], k=int(m[1]))), template)


@pytest.mark.parametrize("template", SPELT.values(), ids=SPELT)
@pytest.mark.parametrize(
    "around", ["the key {} is wrong", '["{}"]', "x={},y", "é{} ", "_{} ", "https://h/{}"]
)
def test_a_token_goes_whole(template, around):
    text = around.format(spelt(template))

    assert redact(text, 2_000) == around.format("[redacted]").strip()


@pytest.mark.parametrize("text", ALIKE.strip().splitlines())
def test_what_looks_alike_stays(text):
    assert redact(text) == text
