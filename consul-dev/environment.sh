# shellcheck shell=bash
# Makes a script independent of the user's shell, and of what the user has set for other programs. Each script that
# starts servers or services sources this file first. It keeps the settings of our own scripts and services
# (LB_POLICY, CONSUL_PORT, BUILD, ...), the language, and the proxies, which downloads need.
#
#   KEEP_LIBPQ=1   keeps PG*: for the user's own database

# Bash: POSIXLY_CORRECT and SHELLOPTS change how a script is read; CDPATH makes `cd` print. A function that was
# exported, or is defined in the file of BASH_ENV, replaces a command of the same name. At the first call all
# functions are such ones, and later they are the script's own.
unset -v POSIXLY_CORRECT BASH_ENV ENV CDPATH GLOBIGNORE BASH_COMPAT
set +o posix +o allexport +o keyword +o noclobber +o noglob +o onecmd
shopt -u nullglob failglob nocaseglob nocasematch dotglob xpg_echo lastpipe
export -n SHELLOPTS BASHOPTS
if [ -z "${_functions_are_ours:-}" ]; then
    while read -r _ _ _name; do unset -f "$_name"; done < <(declare -F)
fi
_functions_are_ours=1

# The options of programs that our scripts call. PG_TEMPLATE is ours: see run-postgres.
unset -v GREP_OPTIONS TAR_OPTIONS UNZIP "${!ETCDCTL_@}" "${!REDISCLI_@}" "${!CONSUL_HTTP_@}" CONSUL_CACERT \
    CONSUL_CAPATH CONSUL_CLIENT_CERT CONSUL_CLIENT_KEY CONSUL_TLS_SERVER_NAME CONSUL_GRPC_ADDR CONSUL_NAMESPACE CONSUL_PARTITION
if [ -z "${KEEP_LIBPQ:-}" ]; then
    for _name in "${!PG@}"; do [ "$_name" = PG_TEMPLATE ] || unset -v "$_name"; done
fi
unset -v _name

# A proxy must not get the requests to our own servers.
no_proxy=${no_proxy:-${NO_PROXY:-}}
case ,$no_proxy, in
,\*, | *,127.0.0.1,*) ;;
*) no_proxy=127.0.0.1,localhost${no_proxy:+,$no_proxy} ;;
esac
export no_proxy NO_PROXY=$no_proxy

# Other users must be able to enter our folders: PostgreSQL does not run as root.
umask 022
case ${TMPDIR:-/} in
/*) [ -d "${TMPDIR:-/}" ] && [ -w "${TMPDIR:-/}" ] || unset -v TMPDIR ;;
*) unset -v TMPDIR ;;
esac
