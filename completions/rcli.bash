# bash completion for rcli, made by completions/generate.py

_rcli() {
    local line=${COMP_LINE:0:COMP_POINT} node="" kind="" choices="" options="" word words
    local token=${line##*[[:space:]]}
    # readline replaces only what comes after the last of these characters
    local kept=${token%"${token##*["$COMP_WORDBREAKS"]}"}
    read -ra words <<<"${line%"$token"}"
    for word in "${words[@]:1}"; do
        case "$node/$word" in
            /run | /stream | /exec | /init | /push | /predictions | /predictions/list | /predictions/show | /predictions/watch | /predictions/cancel | /models | /models/list | /models/show | /models/schema | /serve | /serve/status | /serve/stop | /serve/logs | /auth | /auth/login | /auth/logout | /auth/status | /auth/token | /config | /config/path | /config/list | /config/get | /config/set | /cache | /cache/list | /cache/prune) node=$node/$word ;;
        esac
    done
    case "${words[${#words[@]} - 1]}" in
        --input | -i) kind=input ;;
        --output | -o | --file | -f | --token-file) kind=file ;;
        --output-dir) kind=folder ;;
        --with | --env | -e | --jq | --limit | -n | --port | -p | --bind | --lines) kind=value ;;
        --torch-backend) kind=choices choices="cpu auto" ;;
        --host) kind=choices choices="replicate local" ;;
        --progress) kind=choices choices="auto plain none" ;;
        *)
            case "$node" in
                "") kind=none choices="run stream exec init push predictions models serve auth config cache" options="--version --help" ;;
                "/run") kind=words choices="" options="--input --output --output-dir --file --detach --with --any-python --torch-backend --env --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/stream") kind=words choices="" options="--input --file --with --any-python --torch-backend --env --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/exec") kind=folder choices="" options="--file --with --any-python --torch-backend --env --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/init") kind=folder choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/push") kind=folder choices="" options="--file --watch --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions") kind=none choices="list show watch cancel" options="--help" ;;
                "/predictions/list") kind=none choices="" options="--limit --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/show") kind=choices choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/watch") kind=choices choices="last" options="--output --output-dir --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/cancel") kind=choices choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models") kind=none choices="list show schema" options="--help" ;;
                "/models/list") kind=none choices="" options="--limit --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/show") kind=folder choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/schema") kind=folder choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/serve") kind=none choices="status stop logs" options="--port --bind --token-file --help" ;;
                "/serve/status") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/serve/stop") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/serve/logs") kind=none choices="" options="--lines --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth") kind=none choices="login logout status token" options="--help" ;;
                "/auth/login") kind=none choices="" options="--with-token --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth/logout") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth/status") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth/token") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config") kind=none choices="path list get set" options="--help" ;;
                "/config/path") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/list") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/get") kind=choices choices="host output_dir token_store engine.port engine.idle engine.replica_idle engine.setup_timeout engine.max_replicas engine.max_queue engine.memory_reserve" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/set") kind=choices choices="host output_dir token_store engine.port engine.idle engine.replica_idle engine.setup_timeout engine.max_replicas engine.max_queue engine.memory_reserve" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/cache") kind=none choices="list prune" options="--help" ;;
                "/cache/list") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/cache/prune") kind=none choices="" options="--all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
            esac
            [[ $token == -* ]] && kind="" choices=$options
            ;;
    esac
    COMPREPLY=()
    case "$kind:$token" in
        file:*) _rcli_add "" -f "$token" ;;
        input:*=@* | words:*=@*) _rcli_add "${token%%=@*}=@" -f "${token#*=@}" ;;
        folder:* | words:*) _rcli_add "" -d "$token" ;;
    esac
    [[ -n $choices ]] && _rcli_add "" -W "$choices" "$token"
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

# _rcli_add PREFIX HOW... TOKEN: one completion a line, so that names may have spaces
_rcli_add() {
    local prefix=$1 found
    [[ $2 == -W ]] || compopt -o filenames 2>/dev/null
    while IFS= read -r found; do
        [[ -n $found ]] && COMPREPLY+=("$prefix$found")
    done < <(compgen "${@:2:$#-2}" -- "${@:$#}")
}

complete -F _rcli rcli
