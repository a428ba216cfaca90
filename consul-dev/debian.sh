# shellcheck shell=bash
# Downloads Debian packages without installing them. They are unpacked into a folder of
# ours, which needs no root and does not change the system's apt. Source this file; WORK
# is the folder for lists and caches.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

codename() { (. /etc/os-release && [ "$ID" = debian ] && echo "${VERSION_CODENAME:-}"); }

# The mirrors that apt uses for Debian itself, best first. Before the first `apt-get
# update` apt does not know the origin of a repository; then all repositories of this suite
# are listed.
mirrors() {
    local codename
    codename=$(codename) || return 0
    {
        apt-get indextargets --format "\$(ORIGIN) \$(RELEASE) \$(REPO_URI)" 'Created-By: Packages' |
            awk -v suite="$codename" '$1 == "Debian" && $2 == suite { print $3 }'
        apt-get indextargets --no-release-info --format "\$(RELEASE) \$(REPO_URI)" 'Created-By: Packages' |
            awk -v suite="$codename" '$1 == suite || $1 ~ /^(old)*stable$/ { print $2 }'
    } 2>/dev/null | awk '!seen[$0]++'
}

private_apt_open() { # mirror, suite
    mkdir -p "$WORK"/{lists,cache/archives}/partial
    printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$1" "$2" >"$WORK/sources.list"
}

# apt with its own lists and caches. As root it would switch to the user _apt, which
# cannot write to home folders; Sandbox::User=root prevents that.
private_apt() {
    apt-get -qq -o Dir::Etc::SourceList="$WORK/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$WORK/lists" -o Dir::Cache="$WORK/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2 "$@" >&2
}
