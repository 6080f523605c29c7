"""make.py FOLDER: a Django site's data as it comes out of a real Django, for the tests of `members-area import django`.

In FOLDER then: site.sqlite3 with dump.json, natural.json and users-only.json, custom.sqlite3 with custom.json (a user model of its
own), and expected.json, which says who logs in with what.
"""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
HASHERS = {
    "pbkdf2_sha256": "PBKDF2PasswordHasher",
    "pbkdf2_sha1": "PBKDF2SHA1PasswordHasher",
    "argon2": "Argon2PasswordHasher",
    "bcrypt_sha256": "BCryptSHA256PasswordHasher",
    "bcrypt": "BCryptPasswordHasher",
    "scrypt": "ScryptPasswordHasher",
    "md5": "MD5PasswordHasher",
}


def configure(database, user_model):
    import django
    from django.conf import settings

    sys.path.insert(0, str(HERE))
    settings.configure(
        SECRET_KEY="for tests only",
        USE_TZ=True,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        AUTH_USER_MODEL=user_model,
        INSTALLED_APPS=[
            # Before the user's app on purpose: in the dump what refers stands before what is referred to.
            "allauth",
            "allauth.account",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.admin",
            "django.contrib.sessions",
            "django.contrib.messages",
            *(["people"] if user_model != "auth.User" else []),
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers." + name for name in HASHERS.values()],
        SILENCED_SYSTEM_CHECKS=["auth.W004", "security.W001"],
    )
    django.setup()


def dump(to, *what):
    from django.core.management import call_command

    call_command("dumpdata", *what, output=str(to), verbosity=0)


def site(folder):
    configure(folder / "site.sqlite3", "auth.User")
    from allauth.account.models import EmailAddress
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import Group, Permission, User
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", verbosity=0)
    editors, readers = (Group.objects.create(name=name) for name in ("Éditeurs", "readers"))
    view, add = (Permission.objects.get(codename=name) for name in ("view_logentry", "add_user"))
    editors.permissions.set([view, add])
    expected = []
    for number, hasher in enumerate(HASHERS):
        password = f"my päss with {hasher}"
        user = User(
            username=f"by_{hasher}",
            email=f"{hasher}@example.com",
            first_name="Zoë",
            last_name=f"Number {number}",
            password=make_password(password, hasher=hasher),
            last_login=timezone.now() if number % 2 else None,
        )
        user.save()
        user.groups.add(readers, *([editors] if number % 2 else []))
        if hasher != "md5":
            expected.append({"username": user.username, "password": password, "hasher": hasher})
    User.objects.get(username="by_argon2").user_permissions.add(view)
    unusable = User(username="unusable", email="unusable@example.com")
    unusable.set_unusable_password()
    unusable.save()
    User.objects.create_superuser("Root", "root@example.com", "my päss of root")
    expected.append({"username": "Root", "password": "my päss of root", "hasher": "pbkdf2_sha256"})
    off = User.objects.create_user("switched.off", "off@example.com", "my päss of nobody", is_active=False)
    # Only forms keep Django from these, no database does.
    for name in ("Ünïcode", "two words", "ROOT", "\u3164"):
        User.objects.create(username=name, password="!")
    # A hash that would take all memory, one that would take days, and a word.
    for name, password in {
        "costly": "argon2$argon2id$v=19$m=4194304,t=9,p=1$c2Vhc2FsdHNhbHQ$Rh67HI07fwrKIqUAHbcczAiUqtber2AcUSKBESnafXY",
        "slow": "pbkdf2_sha256$2000000000$salt$DrdiWD40lyBuydnjvZiDrdQMx1S1mOA9O0QYex0R6ww=",
        "word": "hunter2",
    }.items():
        User.objects.create(username=name, email=f"{name}@example.com", password=password)
    for name, verified in {"by_argon2": True, "by_bcrypt": False, "switched.off": True}.items():
        user = User.objects.get(username=name)
        EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    # Confirmed, and not the account's address.
    EmailAddress.objects.create(user=off, email="other@example.com", verified=True)
    dump(folder / "dump.json")
    dump(folder / "natural.json", "--natural-foreign", "--natural-primary")
    dump(folder / "users-only.json", "auth.user", "auth.group")
    (folder / "expected.json").write_text(json.dumps(expected))


def custom(folder):
    configure(folder / "custom.sqlite3", "people.Person")
    from django.apps import apps
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from people.models import Person

    # A model without migrations of its own gets its table beside the others.
    call_command("migrate", run_syncdb=True, verbosity=0)
    assert apps.get_model("people.Person") is Person
    group = Group.objects.create(name="people")
    person = Person(username="uuid", email="uuid@example.com")
    person.set_password("my päss of uuid")
    person.save()
    person.groups.add(group)
    dump(folder / "custom.json")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        {"site": site, "custom": custom}[sys.argv[1]](pathlib.Path(sys.argv[2]))
    else:
        folder = pathlib.Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
        # One process has one configuration.
        for what in ("site", "custom"):
            subprocess.run([sys.executable, __file__, what, str(folder)], check=True)
