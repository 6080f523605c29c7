"""The members' dashboard as a Django site serves it, for script/bench to hold the cold dashboard against.

    django_dashboard.py FOLDER MEMBERS

makes a database in FOLDER and prints the Cookie header of each member. As a module it is the WSGI application over the database in
the folder BENCH_FOLDER, with the middleware that `django-admin startproject` writes, and compression.
"""

import os
import secrets
import sys
from datetime import timedelta

import django
from django.conf import settings
from django.template import Library
from django.utils.html import format_html

FOLDER = os.environ.get("BENCH_FOLDER") or sys.argv[1]
KEY = os.path.join(FOLDER, "django.key")
if not os.path.exists(KEY):
    with open(KEY, "w") as file:
        file.write(secrets.token_hex())

# One line for Django, whose tags must not be broken.
PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,
initial-scale=1"><link rel="stylesheet" href="/style.css"><title>Welcome, {{ user.username }}! · Members Area</title></head><body>
<a href="#content" class="skip">Skip to main content</a><header class="site-header"><a href="/">Members Area</a><nav
aria-label="Account"><ul><li>Welcome, <bdi>{{ user.username }}</bdi></li><li><a href="/members/dashboard">Dashboard</a></li><li><a
href="/members/profile">Profile</a></li>{% if user.is_staff %}<li><a href="/admin">Administration</a></li>{% endif %}<li><form
method="post" action="/log_out"><button>Log out</button></form></li></ul></nav></header><main id="content">
{% for message in messages %}<p class="message">{{ message }}</p>{% endfor %}<h1>Welcome, {{ user.username }}!</h1>
{% if not proven %}<p class="message">Please confirm your email address so that we can help you if you ever lose access.
<a href="/accounts/verify">Confirm email address</a></p>{% endif %}<div class="columns"><section><h2>Profile summary</h2><dl>
{% if user.first_name or user.last_name %}<dt>Name</dt><dd><bdi>{{ user.get_full_name }}</bdi></dd>{% endif %}<dt>Username</dt><dd>
<bdi>{{ user.username }}</bdi></dd><dt>Email</dt><dd>{{ user.email }}</dd><dt>Member since</dt><dd>{{ user.date_joined|time }}</dd>
<dt>Last login</dt><dd>{{ user.last_login|time }}</dd></dl><p>This profile summary is cached per user!<br>Fragment rendered at
{{ now|time }}</p></section><section><h2>Your activity</h2><h3>Recent logins</h3><ul>{% for login in logins %}<li>{{ login.agent }}
{{ login.at|time }} from {{ login.address }}</li>{% endfor %}</ul><h3>Signed-in devices</h3><ul>{% for device in devices %}<li>
{{ device.agent }} last seen {{ device.seen|time }} signed in {{ device.since|time }} from {{ device.address }}</li>{% endfor %}</ul>
<p><a href="/members/sessions">Manage devices</a></p><h3>Recent activity</h3><ul>{% for event in events %}<li>{{ event.kind }}
{{ event.at|time }}</li>{% empty %}<li>No more events.</li>{% endfor %}</ul><p><a href="/members/activity">All activity</a></p></section>
</div><section><h2>Why is this page cached?</h2><p>To load instantly. Each part is reused until it expires or something it shows
changes.</p><table><thead><tr><th>What</th><th>Rendered at</th><th>Valid until</th></tr></thead><tbody>{% for part in parts %}<tr><th>
{{ part }}</th><td>{{ now|time }}</td><td>{{ until|time }}</td></tr>{% endfor %}</tbody></table></section><p>Members only: <a
href="/members/secret">the secret page</a>.</p></main><footer><p>Every request is timed, every cached thing says when it was made.</p>
</footer></body></html>""".replace("\n", " ")

register = Library()


@register.filter
def time(at):
    if at is None:
        return "Never"
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), at.strftime("%d %B %Y, %H:%M:%S UTC"))


settings.configure(
    SECRET_KEY=open(KEY).read(),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(FOLDER, "django.db"), "CONN_MAX_AGE": None}
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "builtins": [__name__],
                "loaders": [
                    ("django.template.loaders.cached.Loader", [("django.template.loaders.locmem.Loader", {"dashboard.html": PAGE})])
                ],
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
            },
        }
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.auth.decorators import login_required  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402


class Event(models.Model):
    member = models.ForeignKey(User, models.CASCADE)
    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=255)

    class Meta:
        app_label = "dashboard"
        indexes = [models.Index(fields=["member", "at"])]


class Device(models.Model):
    member = models.ForeignKey(User, models.CASCADE)
    since = models.DateTimeField()
    seen = models.DateTimeField()
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=255)

    class Meta:
        app_label = "dashboard"


class Address(models.Model):
    member = models.OneToOneField(User, models.CASCADE)
    proven = models.BooleanField()

    class Meta:
        app_label = "dashboard"


def activity(member):
    """What the dashboard caches for each member."""

    def load():
        events = list(Event.objects.filter(member=member).order_by("-at")[:10].values())
        logins = list(Event.objects.filter(member=member, kind="login").order_by("-at")[:5].values())
        devices = list(Device.objects.filter(member=member).order_by("-seen").values())
        return events, logins, devices

    return cache.get_or_set(f"activity{member.pk}", load, 300)


@login_required
def dashboard(request):
    now = timezone.now()
    events, logins, devices = activity(request.user)
    return render(
        request,
        "dashboard.html",
        {
            "events": events,
            "logins": logins,
            "devices": devices,
            "proven": Address.objects.get(member=request.user).proven,
            "now": now,
            "until": now + timedelta(minutes=5),
            "parts": ["The whole page", "Profile summary", "Your activity"],
        },
    )


urlpatterns = [path("members/dashboard", dashboard), path("healthz", lambda request: HttpResponse("ok"))]


def make(members):
    from importlib import import_module

    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        for model in (Event, Device, Address):
            editor.create_model(model)
    sessions = import_module(settings.SESSION_ENGINE).SessionStore
    now = timezone.now()
    for number in range(members):
        member = User.objects.create(username=f"demo{number:06}", email=f"demo{number:06}@example.com", password="!", date_joined=now)
        Address.objects.create(member=member, proven=True)
        Device.objects.create(member=member, since=now, seen=now, address="127.0.0.1", agent="Unknown browser")
        session = sessions()
        session[SESSION_KEY] = str(member.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = member.get_session_auth_hash()
        session.save()
        print(f"sessionid={session.session_key}")


if __name__ == "__main__":
    make(int(sys.argv[2]))
else:
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
