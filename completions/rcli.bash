# bash completion for rcli, made by completions/generate.py

_rcli() {
    local line=${COMP_LINE:0:COMP_POINT} node="" kind="" choices="" options="" word words
    local token=${line##*[[:space:]]}
    # readline replaces only what comes after the last of these characters
    local kept=${token%"${token##*["$COMP_WORDBREAKS"]}"}
    read -ra words <<<"${line%"$token"}"
    for word in "${words[@]:1}"; do
        case "$node/$word" in
            /run | /stream | /exec | /init | /push | /lock | /predictions | /predictions/list | /predictions/show | /predictions/watch | /predictions/logs | /predictions/create | /predictions/cancel | /predictions/wait | /predictions/rerun | /predictions/download | /predictions/open | /train | /trainings | /trainings/list | /trainings/show | /trainings/watch | /trainings/logs | /trainings/wait | /trainings/cancel | /trainings/open | /library | /library/list | /library/search | /library/show | /library/open | /library/export | /library/prune | /library/off | /library/rescue | /models | /models/list | /models/show | /models/schema | /serve | /serve/status | /serve/stop | /serve/logs | /auth | /auth/login | /auth/logout | /auth/status | /auth/token | /config | /config/path | /config/list | /config/get | /config/set | /cache | /cache/list | /cache/prune) node=$node/$word ;;
        esac
    done
    case "${words[${#words[@]} - 1]}" in
        --input | -i | --try) kind=input ;;
        --output | -o | --file | -f | --csv | --token-file) kind=file ;;
        --output-dir) kind=folder ;;
        --with | --env | -e | --resize | --timeout | --prefer-wait | --webhook | --repeat | --sweep | --code | --name | --jq | --limit | -n | --destination | --hardware | --model | --since | --before | --older-than | --port | -p | --bind | --lines) kind=value ;;
        --torch-backend) kind=choices choices="cpu auto" ;;
        --webhook-events) kind=choices choices="start output logs completed" ;;
        --host) kind=choices choices="replicate local" ;;
        --progress) kind=choices choices="auto plain none" ;;
        --status) kind=choices choices="starting processing succeeded failed canceled aborted" ;;
        *)
            case "$node" in
                "") kind=none choices="run stream exec init push lock predictions train trainings library models serve auth config cache" options="--version --help" ;;
                "/run") kind=words choices="" options="--input --output --output-dir --file --detach --logs --with --any-python --torch-backend --env --resize --interactive --dry-run --timeout --prefer-wait --webhook --webhook-events --repeat --sweep --yes --code --locked --name --provenance --no-preview --open --web --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/stream") kind=words choices="" options="--input --file --logs --with --any-python --torch-backend --env --resize --interactive --dry-run --timeout --prefer-wait --webhook --webhook-events --locked --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/exec") kind=folder choices="" options="--file --with --any-python --torch-backend --env --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/init") kind=folder choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/push") kind=folder choices="" options="--file --watch --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/lock") kind=value choices="" options="--remove --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions") kind=none choices="list show watch logs create cancel wait rerun download open" options="--help" ;;
                "/predictions/list") kind=none choices="" options="--limit --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/show") kind=choices choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/watch") kind=choices choices="last" options="--output --output-dir --name --provenance --no-preview --open --web --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/logs") kind=choices choices="last" options="--follow --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/create") kind=words choices="" options="--input --file --with --any-python --torch-backend --env --resize --interactive --dry-run --timeout --prefer-wait --webhook --webhook-events --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/cancel") kind=choices choices="last" options="--all --yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/wait") kind=choices choices="last" options="--timeout --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/rerun") kind=choices choices="last" options="--input --output --output-dir --detach --env --timeout --prefer-wait --webhook --webhook-events --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/download") kind=choices choices="last" options="--output --output-dir --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/open") kind=choices choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/train") kind=value choices="" options="--destination --input --file --create-destination --private --hardware --yes --detach --cancel-on-interrupt --logs --csv --download --try --webhook --webhook-events --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings") kind=none choices="list show watch logs wait cancel open" options="--help" ;;
                "/trainings/list") kind=none choices="" options="--limit --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/show") kind=choices choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/watch") kind=value choices="" options="--logs --csv --download --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/logs") kind=value choices="" options="--follow --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/wait") kind=value choices="" options="--timeout --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/cancel") kind=choices choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/open") kind=value choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library") kind=none choices="list search show open export prune off rescue" options="--help" ;;
                "/library/list") kind=none choices="" options="--limit --model --status --since --before --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/search") kind=value choices="" options="--limit --model --status --since --before --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/show") kind=choices choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/open") kind=choices choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/export") kind=file choices="" options="--model --status --since --before --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/prune") kind=none choices="" options="--older-than --yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/off") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/rescue") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
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
                "/config/get") kind=choices choices="host output_dir preview token_store library engine.port engine.idle engine.replica_idle engine.setup_timeout engine.max_replicas engine.max_queue engine.memory_reserve engine.disk_reserve engine.retention engine.quota prices.cpu prices.gpu-t4 prices.gpu-a40-small prices.gpu-a40-large prices.gpu-l40s prices.gpu-a100-large prices.gpu-h100" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/set") kind=choices choices="host output_dir preview token_store library engine.port engine.idle engine.replica_idle engine.setup_timeout engine.max_replicas engine.max_queue engine.memory_reserve engine.disk_reserve engine.retention engine.quota prices.cpu prices.gpu-t4 prices.gpu-a40-small prices.gpu-a40-large prices.gpu-l40s prices.gpu-a100-large prices.gpu-h100" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/cache") kind=none choices="list prune" options="--help" ;;
                "/cache/list") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/cache/prune") kind=none choices="" options="--all --older-than --dry-run --uv --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
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
