"""Every promise of the reference is kept, and so are others of each kind; prose beside them stays."""

import re
from pathlib import Path

import pytest

from flask_faultmap.redaction import redact

CANARY = "cAnary7x"
PAGE = (Path(__file__).parents[2] / "docs/reference/redaction.md").read_text()
CELL = re.compile(r"``? ?(.+?) ?``?$")


def written(cell):
    """Give what a cell of the table stands for."""
    found = CELL.match(cell.strip())
    return found[1].replace("⏎", "\n").replace(r"\x1b", "\x1b").replace(r"\|", "|") if found else ""


PROMISES = [
    tuple(written(cell) for cell in re.split(r"(?<!\\)\|", line)[2:5])
    for line in PAGE.splitlines()
    if line.startswith("| ") and "`" in line
]

# One secret each, %C; "⏎" is the end of a line.
SECRETS = [
    r"""{"dsn":"postgres:\/\/app:%C@h\/db"}""",
    r'''"url": "mysql:\\/\\/app:%C@h"''',
    r"""https:\/\/user:%C@h\/x?page=1""",
    r"""{"pass": "%C"}""",
    r"""{'pass': '%C'}""",
    r"""{"pw":"%C"}""",
    r"""{"dbPass": "%C", "x": 1}""",
    r"""{"userPass":"%C"}""",
    r"""postgres://app:12%C@h/db""",
    r"""postgres://app:5432/%C@h/db""",
    r"""postgres://app:1@2/%C@h:5432/db""",
    r"""mysql+pymysql://root:p@ss/%C@db:3306/x""",
    r"""mongodb://u:%C@h1:27017,h2:27017/db?replicaSet=x""",
    r"""redis://default:0/%C@cache:6379/0""",
    r"""https://user:12/%C@h/x""",
    r"""amqp://guest:99#%C@mq//""",
    r"""password=12@%C/x""",
    r"""password=1%C""",
    r"""pwd = 9@/%C;""",
    r"""jdbc:oracle:thin:scott/%C@orcl""",
    r"""jdbc:oracle:thin:scott/%C@//db:1521/x""",
    r"""jdbc:oracle:oci8:scott/ti@%C@orcl""",
    r"""ORA-01017: invalid username/password; logon denied: scott/%C@orcl""",
    r"""connect scott/%C@orcl failed: ORA-12154""",
    r"""sqlplus scott/%C@orcl""",
    r"""sqlplus -S scott/%C@orcl @x.sql""",
    r'''sqlplus -s "scott/%C@orcl as sysdba"''',
    r"""sqlplus scott/%C""",
    r"""sqlplus: cannot log in as hr/%C@//db:1521/x""",
    r"""jdbc:mysql://h:3306/db?user=a&password=%C""",
    r"""jdbc:sqlserver://h:1433;user=sa;password=%C;x=1""",
    r"""jdbc:postgresql://u:%C@h/db""",
    r"""Authorization: Basic⏎ %C9=""",
    r"""Authorization:⏎	Bearer %C""",
    r'''Authorization: Digest username="a",⏎  response="%C"''',
    r"""Cookie: a=b;⏎ sid=%C""",
    r"""Set-Cookie: a=b;⏎	c=%C; Path=/""",
    r"""X-Api-Key:⏎ %C""",
    r"""X-Auth-Token:⏎	 %C""",
    r"""password: |⏎  %C⏎  more⏎user: x""",
    r"""  password: >-⏎    abc⏎    %C⏎  user: y""",
    r"""- token: |2+⏎    %C""",
    r"""secret: | # a comment⏎  a⏎⏎  %C⏎x: 1""",
    r"""{"cfg": "password: |\n  %C\n"}""",
    r"""password:⏎  %C""",
    r"""password='a''b %C'""",
    r"""IDENTIFIED BY 'a''%C'""",
    r"""CREATE USER x IDENTIFIED BY '%C'""",
    r"""CREATE USER x IDENTIFIED WITH mysql_native_password BY '%C'""",
    r"""CREATE USER x IDENTIFIED BY %C;""",
    r"""ALTER ROLE x WITH PASSWORD '%C'""",
    r"""ALTER ROLE x WITH ENCRYPTED PASSWORD 'a''b %C'""",
    r"""SET PASSWORD FOR u = PASSWORD('%C')""",
    r"""ALTER LOGIN sa WITH PASSWORD = N'%C'""",
    r'''password="a""b %C"''',
    r"""?pass%77ord=%C""",
    r"""https://h/x?a=1&%70assword=%C""",
    r"""pass%2577ord=%C&x=1""",
    r"""/x?api%5Fkey=%C""",
    r"""/x?access%5Ftoken=%C&y=2""",
    r"""{"pass\u0077ord": "%C"}""",
    r"""{"\u0070assword": "%C"}""",
    r"""session=%C""",
    r"""sid=%C; Path=/""",
    r"""PHPSESSID=%C""",
    r"""JSESSIONID=%C!123""",
    r"""connect.sid=s%3A%C.x""",
    r"""ASP.NET_SessionId=%C""",
    r"""laravel_session=%C""",
    r"""_app_session=%C""",
    r"""sessionid=%C""",
    r"""__Host-id=%C""",
    r"""__Secure-x=%C""",
    r"""csrftoken=%C""",
    r"""XSRF-TOKEN=%C""",
    r""".AspNetCore.Session=%C""",
    r"""remember_me=%C""",
    r"""rack.session=%C""",
    r"""{"session": "%C"}""",
    r"""Set-Cookie: x=%C; HttpOnly""",
    r"""set-cookie: ["x=%C; HttpOnly"]""",
    r""";jsessionid=%C?x""",
    r"""boom⏎   at A.B.C(String %C) in C:\src\a.cs:line 12""",
    r"""boom⏎   at A.B.%C(String s)⏎   at X.Y.Main()""",
    r"""System.Exception: boom⏎   at A.B.%C[T](T x) in /src/a.cs:line 3"""
    r"""⏎--- End of stack trace from previous location ---⏎   at X.Y()""",
    r"""boom at A.B.C(String %C) in /src/a.cs:line 12 at D.E.F() in /src/b.cs:line 3""",
    r"""goroutine 1 [running]:⏎main.%C(0x1, 0x2)"""
    r"""⏎	/srv/x.go:12 +0x1d⏎main.main()⏎	/srv/%C.go:3 +0x5⏎exit status 2""",
    r"""main.%C(...)⏎	/srv/x.go:12 +0x1d""",
    r"""panic: boom goroutine 1 [running]: main.%C(0x1) /srv/x.go:12 +0x1d""",
    r"""goroutine 7 [chan receive]:⏎main.f({0xc0, 0x1})"""
    r"""⏎	/a/%C.go:1 +0x2⏎created by main.main in goroutine 1⏎	/a/%C.go:9 +0x3""",
    r"""/srv/app.rb:12:in `%C': boom (RuntimeError)""",
    r"""/srv/app.rb:12:in 'Foo#%C': boom⏎	from /srv/%C.rb:3:in '<main>'""",
    r"""app/models/%C.rb:12:in `block in call'""",
    r"""PHP Fatal error: Uncaught Exception: x in /srv/%C.php:3"""
    r"""⏎Stack trace:⏎#0 /srv/a.php(12): login('%C', Array)⏎#1 {main}⏎  thrown""",
    r"""Stack trace: #0 /srv/a.php(12): login('%C') #1 [internal function]: f('%C') #2 {main}""",
    r"""#0 C:\www\a.php(3): PDO->__construct('x', '%C')""",
    r"""thread 'main' panicked at src/main.rs:4:5:⏎boom⏎stack backtrace:"""
    r"""⏎   0: rust_begin_unwind⏎             at /rustc/x/%C.rs:5:5"""
    r"""⏎   1: app::%C⏎             at ./src/main.rs:4:5⏎note: run""",
    r"""stack backtrace: 0: app::%C at /x/y.rs:1:2""",
    r"""   0: app::%C⏎             at ./src/main.rs:4:5""",
    r"""boom⏎	at com.x.%C.a(A.java:12)⏎	... 12 more""",
    r"""boom⏎	at java.base/java.lang.%C.run(Thread.java:829)""",
    r"""boom⏎	at com.x.%C.a(A.java:12) ~[app.jar:1.0]""",
    r"""boom⏎    at async %C.f (/srv/a.js:1:2)""",
    r"""boom⏎    at %C [as x] (file:///srv/a.mjs:1:2)""",
    r"""boom⏎    at /srv/%C.js:1:2""",
    r"""boom⏎    at new %C (webpack-internal:///./a.tsx:1:2)""",
    r"""boom⏎    at Object.<anonymous> (C:\Users\a b\%C.ts:1:2)""",
    r"""boom⏎    at https://h/%C.js:1:2""",
    r"""f@https://h/%C.js:1:2⏎g@https://h/b.js:3:4""",
    r"""postgres://app:%C""",
    r"""could not connect to postgres://app:%C…""",
    r"""dsn=mysql://root:%C...""",
    r'''"redis://:%C"''',
    r"""https://user:%C""",
    r"""https://hooks.slack.com/services/T00/B00/%C""",
    r"""https:\/\/hooks.slack.com\/services\/T00\/B00\/%C""",
    r"""https://discord.com/api/webhooks/123/%C""",
    r"""https://x.webhook.office.com/webhookb2/%C@y/z""",
    r"""https://%C@o1.ingest.sentry.io/2""",
    r"""https://h/cb?u=https%3A%2F%2Fu%3A%C%40h""",
    r"""<password><![CDATA[a %C]]></password>""",
    r"""{&quot;password&quot;:&quot;a %C&quot;}""",
    r"""mysql -u root -p%C""",
    r"""export DB_PASSWORD=%C""",
    r"""set PGPASSWORD=1%C/""",
    r"""open \/var\/www\/%C.php""",
    r'''"file":"\/home\/%C\/x"''',
    r"""user:12@/%C@tcp(h:3306)/db""",
    r"""scott:ti/%C@(DESCRIPTION=x)""",
]
PROSE = [
    r"""unexpected token: identifier""",
    r"""Unexpected token: punc (}) at line 3""",
    r"""unexpected token: EOF""",
    r"""Unexpected token: '}'""",
    r"""auth: OAuth2""",
    r"""auth: basic""",
    r"""auth: OAuth2, scopes: read""",
    r"""Auth: JWT is used""",
    r"""authentication: OAuth2""",
    r"""Cookies: enabled""",
    r"""Cookies: disabled""",
    r"""cookies: 3""",
    r"""The path /boxes/b1 does not exist""",
    r"""/boxes/b1/exec is not allowed""",
    r"""/users/5/posts was not found""",
    r"""route /a/b/c has no view""",
    r"""bob/alice@corp is not a member""",
    r"""org/team@v1.2 is pinned""",
    r"""See bob/alice@corp and read/write""",
    r"""the traceback is in the log""",
    r"""see the stack trace: it is long""",
    r"""a stack trace at the end""",
    r"""password policy: at least 12 characters""",
    r"""Password: at least 12 characters""",
    r"""password must contain a digit""",
    r"""The secret of success is patience""",
    r"""token bucket is empty, token ring, token 5 of 7""",
    r"""2024-11-25T23:10:00+00:00 is too late""",
    r"""version 1.2.3-rc.1+build.5 is too old""",
    r"""commit 3f2a1b4c5d6e7f8091a2b3c4d5e6f7a8b9c0d1e2 is missing""",
    r"""sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 differs""",
    r"""etag "33a64df551425fcc55e4d42a148795d9f25f89d4" differs""",
    r"""id 123e4567-e89b-12d3-a456-426614174000 is unknown""",
    r"""ann@example.com at 10.0.0.1:5432 on db.example.com""",
    r"""connect to [::1]:8080 refused""",
    r"""redis://cache:6379 refused""",
    r"""could not reach https://host:8080.""",
    r"""https://host:port/path is the form""",
    r"""postgres://host:5432/db is down""",
    r"""kafka://h1:9092,h2:9092 is down""",
    r"""docker://nginx:latest was not found""",
    r"""session 3 of 4 was closed""",
    r"""session closed""",
    r"""session: closed""",
    r"""basic JavaScript knowledge""",
    r"""Basic usage of the Basic plan""",
    r"""issue #12 (closed): see below""",
    r"""meet at noon (Berlin) in the cafe""",
    r"""at first (or later) it works""",
    r"""line 3: at foo""",
    r"""key: value, keys: 3, sort key: name""",
    r"""identified by its name""",
    r"""The user is identified by email""",
    r"""the password 'must' be long""",
    r"""ORA-00942: table or view does not exist""",
    r"""ORA-01017: invalid username/password; logon denied""",
    r"""sqlplus is not installed""",
    r"""sqlplus /nolog""",
    r"""secret: is required""",
    r"""token=null""",
    r"""password: reset""",
    r"""Password: changed""",
    r"""token expired at 12:30""",
    r"""author: Ann, authority: none""",
    r"""the secretary passed the test; pass: 3, fail: 2""",
    r"""compass: north, bypass: yes""",
    r"""sidebar=left""",
    r"""sign=plus, design=flat""",
    r"""pin the version""",
    r"""a pin is needed""",
    r"""MIME type text/html; charset=utf-8""",
    r"""a=1&b=2&c=3""",
    r"""GET /etc/passwd was refused""",
    r"""50%25 of x=1""",
    r"""goroutine leak detected""",
    r"""backtrace disabled, set RUST_BACKTRACE=1""",
    r"""run with `RUST_BACKTRACE=1` environment variable to display a backtrace""",
    r"""error at line 3 (column 5): unexpected end""",
    r"""in file a.py line 3""",
    r"""#1 in the list, #2 (second): third""",
    r"""expected one of a, b, c; token type: string""",
    r"""authorization: required""",
    r"""Authorization header is missing""",
    r"""api key is invalid""",
    r"""private key does not match""",
    r"""access token: expired""",
    r"""the cookie: is stale""",
    r"""secrets: none""",
    r"""x-api-key: missing""",
    r"""token: string, required""",
    r"""credentials: wrong""",
]


def test_the_table_has_every_kind():
    assert len(PROMISES) > 35
    assert all(text or stays for text, _, stays in PROMISES)


@pytest.mark.parametrize(
    ("text", "left", "stays"), PROMISES, ids=[text or stays for text, _, stays in PROMISES]
)
def test_a_promise_is_kept(text, left, stays):
    assert redact(text) == left
    assert redact(stays) == stays


@pytest.mark.parametrize("text", SECRETS)
@pytest.mark.parametrize("around", ["{}", "Upstream said:\n{}\nand closed."])
def test_a_secret_goes(text, around):
    text = around.replace("{}", text.replace("⏎", "\n").replace("%C", CANARY))

    assert CANARY not in redact(text, 10_000)


@pytest.mark.parametrize("text", PROSE)
def test_prose_stays(text):
    assert redact(text) == text
    assert redact(f"It said: {text} (twice)") == f"It said: {text} (twice)"
