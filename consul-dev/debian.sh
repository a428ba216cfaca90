# shellcheck shell=bash
# Debian's packages without installing them: what is downloaded this way is unpacked
# into a folder of ours, needs no root, and leaves the system's own apt as it is. To
# be sourced; WORK is the folder for lists and caches.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

codename() { (. /etc/os-release && [ "$ID" = debian ] && echo "${VERSION_CODENAME:-}"); }

# The mirrors that apt uses for Debian itself, best first. Before the first
# `apt-get update` apt does not know whose a repository is: then any of this suite.
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

# apt with lists and caches of its own. With root it would become the user _apt,
# who cannot write into anyone's home.
private_apt() {
    apt-get -qq -o Dir::Etc::SourceList="$WORK/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$WORK/lists" -o Dir::Cache="$WORK/cache" \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2 "$@" >&2
}
