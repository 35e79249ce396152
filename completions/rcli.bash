# bash completion for rcli, made by completions/generate.py

_rcli() {
    local line=${COMP_LINE:0:COMP_POINT} node="" kind="" choices="" options="" word words
    local token=${line##*[[:space:]]}
    # readline replaces only what comes after the last of these characters
    local kept=${token%"${token##*["$COMP_WORDBREAKS"]}"}
    read -ra words <<<"${line%"$token"}"
    for word in "${words[@]:1}"; do
        case "$node/$word" in
            /run | /stream | /exec | /init | /scaffold | /scaffold/webhook | /scaffold/program | /push | /lock | /predictions | /predictions/list | /predictions/show | /predictions/watch | /predictions/logs | /predictions/create | /predictions/cancel | /predictions/wait | /predictions/rerun | /predictions/download | /predictions/open | /train | /trainings | /trainings/list | /trainings/show | /trainings/watch | /trainings/logs | /trainings/wait | /trainings/cancel | /trainings/open | /library | /library/list | /library/search | /library/show | /library/open | /library/export | /library/prune | /library/off | /library/rescue | /models | /models/list | /models/search | /models/show | /models/readme | /models/examples | /models/schema | /models/create | /models/update | /models/delete | /versions | /versions/list | /versions/show | /versions/diff | /versions/delete | /collections | /collections/list | /collections/show | /search | /deployments | /deployments/list | /deployments/show | /deployments/create | /deployments/update | /deployments/scale | /deployments/delete | /deployments/run | /files | /files/list | /files/show | /files/upload | /files/download | /files/delete | /hardware | /hardware/list | /webhook | /webhook/listen | /webhook/replay | /webhook/trigger | /webhook/check | /webhook/verify | /webhook/secret | /ps | /serve | /serve/status | /serve/stop | /serve/logs | /api | /auth | /auth/login | /auth/logout | /auth/switch | /auth/status | /auth/token | /account | /account/show | /config | /config/path | /config/list | /config/get | /config/set | /config/edit | /config/host | /config/host/add | /config/host/list | /config/host/use | /config/host/remove | /doctor | /cache | /cache/list | /cache/prune | /completion | /completion/install | /completion/bash | /completion/zsh | /completion/fish | /completion/powershell | /help) node=$node/$word ;;
        esac
    done
    case "$node ${words[${#words[@]} - 1]}" in
        "/webhook/listen --model" | "/webhook/trigger --model") kind=model ;;
        "/api -f" | *" --with" | *" --env" | *" -e" | *" --resize" | *" --timeout" | *" --prefer-wait" | *" --webhook" | *" --repeat" | *" --sweep" | *" --code" | *" --name" | *" --jq" | *" --limit" | *" -n" | *" --destination" | *" --hardware" | *" --convert" | *" --kind" | *" --model" | *" --since" | *" --before" | *" --older-than" | *" --sort" | *" --description" | *" --github-url" | *" --paper-url" | *" --license-url" | *" --cover-image-url" | *" --weights-url" | *" --min" | *" --max" | *" --version" | *" --type" | *" --forward-to" | *" --forward" | *" --header" | *" --filter" | *" --exec" | *" --port" | *" --bind" | *" --path" | *" --public-url" | *" --deployment" | *" --event" | *" --from" | *" -p" | *" --lines" | *" --method" | *" -X" | *" --raw-field" | *" --field" | *" -F" | *" -H") kind=value ;;
        "/api --input" | *" --output" | *" -o" | *" --file" | *" -f" | *" --csv" | *" --readme" | *" --save" | *" --secret-file" | *" --body" | *" --token-file") kind=file ;;
        *" --input" | *" -i" | *" --try" | *" --set") kind=input ;;
        *" --output-dir") kind=folder ;;
        *" --torch-backend") kind=choices choices="cpu auto" ;;
        *" --webhook-events" | *" --events") kind=choices choices="start output logs completed" ;;
        *" --host") kind=host choices="replicate local" ;;
        *" --progress") kind=choices choices="auto plain none" ;;
        *" --status") kind=choices choices="starting processing succeeded failed canceled aborted" ;;
        *" --shell") kind=choices choices="bash zsh fish powershell" ;;
        *)
            case "$node" in
                "") kind=none choices="run stream exec init scaffold push lock predictions train trainings library models versions collections search deployments files hardware webhook ps serve api auth account config doctor cache completion help" options="--version --help" ;;
                "/run") kind=words choices="" options="--input --output --output-dir --file --detach --logs --with --any-python --torch-backend --env --resize --interactive --dry-run --timeout --prefer-wait --webhook --webhook-events --repeat --sweep --yes --code --locked --name --provenance --no-preview --open --web --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/stream") kind=words choices="" options="--input --file --logs --with --any-python --torch-backend --env --resize --interactive --dry-run --timeout --prefer-wait --webhook --webhook-events --code --locked --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/exec") kind=folder choices="" options="--file --with --any-python --torch-backend --env --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/init") kind=folder choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/scaffold") kind=none choices="webhook program" options="--help" ;;
                "/scaffold/webhook") kind=folder choices="" options="--python --node --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/scaffold/program") kind=words choices="" options="--input --python --node --curl --output --file --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/push") kind=folder choices="" options="--file --watch --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/lock") kind=model choices="" options="--remove --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions") kind=none choices="list show watch logs create cancel wait rerun download open" options="--help" ;;
                "/predictions/list") kind=none choices="" options="--limit --all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/show") kind=id choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/watch") kind=id choices="last" options="--output --output-dir --logs --name --provenance --no-preview --open --web --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/logs") kind=id choices="last" options="--follow --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/create") kind=words choices="" options="--input --file --with --any-python --torch-backend --env --resize --interactive --dry-run --timeout --prefer-wait --webhook --webhook-events --repeat --sweep --yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/cancel") kind=id choices="last" options="--all --yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/wait") kind=id choices="last" options="--timeout --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/rerun") kind=id choices="last" options="--input --output --output-dir --detach --logs --env --timeout --prefer-wait --webhook --webhook-events --name --provenance --no-preview --open --web --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/download") kind=id choices="last" options="--output --output-dir --name --provenance --no-preview --open --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/predictions/open") kind=id choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/train") kind=words choices="" options="--destination --input --file --create-destination --private --hardware --yes --detach --cancel-on-interrupt --logs --csv --download --try --timeout --webhook --webhook-events --resize --convert --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings") kind=none choices="list show watch logs wait cancel open" options="--help" ;;
                "/trainings/list") kind=none choices="" options="--limit --all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/show") kind=id choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/watch") kind=id choices="" options="--logs --csv --download --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/logs") kind=id choices="" options="--follow --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/wait") kind=id choices="" options="--timeout --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/cancel") kind=id choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/trainings/open") kind=id choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library") kind=none choices="list search show open export prune off rescue" options="--help" ;;
                "/library/list") kind=none choices="" options="--limit --kind --model --status --since --before --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/search") kind=value choices="" options="--limit --kind --model --status --since --before --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/show") kind=id choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/open") kind=id choices="last" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/export") kind=file choices="" options="--kind --model --status --since --before --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/prune") kind=none choices="" options="--older-than --yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/off") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/library/rescue") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models") kind=none choices="list search show readme examples schema create update delete" options="--help" ;;
                "/models/list") kind=none choices="" options="--limit --all --sort --reverse --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/search") kind=value choices="" options="--limit --all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/show") kind=model choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/readme") kind=model choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/examples") kind=model choices="" options="--limit --all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/schema") kind=model choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/create") kind=model choices="" options="--private --hardware --description --github-url --paper-url --license-url --cover-image-url --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/update") kind=model choices="" options="--description --github-url --paper-url --license-url --weights-url --readme --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/models/delete") kind=model choices="" options="--yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/versions") kind=none choices="list show diff delete" options="--help" ;;
                "/versions/list") kind=model choices="" options="--limit --all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/versions/show") kind=model choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/versions/diff") kind=model choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/versions/delete") kind=model choices="" options="--yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/collections") kind=none choices="list show" options="--help" ;;
                "/collections/list") kind=none choices="" options="--limit --all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/collections/show") kind=value choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/search") kind=value choices="" options="--limit --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/deployments") kind=none choices="list show create update scale delete run" options="--help" ;;
                "/deployments/list") kind=none choices="" options="--limit --all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/deployments/show") kind=value choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/deployments/create") kind=value choices="" options="--hardware --min --max --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/deployments/update") kind=value choices="" options="--version --hardware --min --max --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/deployments/scale") kind=value choices="" options="--min --max --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/deployments/delete") kind=value choices="" options="--yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/deployments/run") kind=value choices="" options="--input --output --output-dir --detach --logs --resize --interactive --dry-run --timeout --prefer-wait --webhook --webhook-events --repeat --sweep --yes --code --name --provenance --no-preview --open --web --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/files") kind=none choices="list show upload download delete" options="--help" ;;
                "/files/list") kind=none choices="" options="--limit --all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/files/show") kind=value choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/files/upload") kind=file choices="" options="--type --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/files/download") kind=value choices="" options="--output --output-dir --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/files/delete") kind=value choices="" options="--yes --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/hardware") kind=none choices="list" options="--help" ;;
                "/hardware/list") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/webhook") kind=none choices="listen replay trigger check verify secret" options="--help" ;;
                "/webhook/listen") kind=none choices="" options="--forward-to --forward --header --events --filter --save --exec --print-secret --no-retry --port --bind --path --public-url --secret-file --mine --model --deployment --since --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/webhook/replay") kind=id choices="last" options="--event --from --new-id --forward-to --header --secret-file --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/webhook/trigger") kind=value choices="" options="--model --training --set --forward-to --header --secret-file --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/webhook/check") kind=none choices="" options="--forward-to --header --secret-file --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/webhook/verify") kind=file choices="" options="--header --body --any-time --secret-file --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/webhook/secret") kind=none choices="" options="--secret-file --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/ps") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/serve") kind=none choices="status stop logs" options="--port --bind --token-file --access-log --background --help" ;;
                "/serve/status") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/serve/stop") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/serve/logs") kind=none choices="" options="--lines --follow --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/api") kind=value choices="" options="--method --raw-field --field --header --input --paginate --slurp --include --curl --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth") kind=none choices="login logout switch status token" options="--help" ;;
                "/auth/login") kind=none choices="" options="--with-token --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth/logout") kind=account choices="" options="--all --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth/switch") kind=account choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth/status") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/auth/token") kind=account choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/account") kind=none choices="show" options="--help" ;;
                "/account/show") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config") kind=none choices="path list get set edit host" options="--help" ;;
                "/config/path") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/list") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/get") kind=choices choices="host output_dir preview token_store library engine.port engine.idle engine.replica_idle engine.setup_timeout engine.max_replicas engine.max_queue engine.memory_reserve engine.disk_reserve engine.retention engine.quota prices.cpu prices.gpu-t4 prices.gpu-a40-small prices.gpu-a40-large prices.gpu-l40s prices.gpu-a100-large prices.gpu-h100" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/set") kind=choices choices="host output_dir preview token_store library engine.port engine.idle engine.replica_idle engine.setup_timeout engine.max_replicas engine.max_queue engine.memory_reserve engine.disk_reserve engine.retention engine.quota prices.cpu prices.gpu-t4 prices.gpu-a40-small prices.gpu-a40-large prices.gpu-l40s prices.gpu-a100-large prices.gpu-h100" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/edit") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/host") kind=none choices="add list use remove" options="--help" ;;
                "/config/host/add") kind=value choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/host/list") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/host/use") kind=host choices="replicate local" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/config/host/remove") kind=host choices="replicate local" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/doctor") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/cache") kind=none choices="list prune" options="--help" ;;
                "/cache/list") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/cache/prune") kind=none choices="" options="--all --older-than --dry-run --uv --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/completion") kind=none choices="install bash zsh fish powershell" options="--help" ;;
                "/completion/install") kind=none choices="" options="--shell --host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/completion/bash") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/completion/zsh") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/completion/fish") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/completion/powershell") kind=none choices="" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
                "/help") kind=choices choices="run stream exec init scaffold push lock predictions train trainings library models versions collections search deployments files hardware webhook ps serve api auth account config doctor cache completion help exit-codes environment hosts inputs settings" options="--host --json --jq --quiet --plain --progress --no-input --debug --help" ;;
            esac
            [[ $token == -* ]] && kind="" choices=$options
            ;;
    esac
    COMPREPLY=()
    case "$kind" in
        words | model | input | id | host | account) _rcli_ask ;;
    esac
    case "$kind:$token" in
        file:*) _rcli_add "" -f "$token" ;;
        input:*=@* | words:*=@*) _rcli_add "${token%%=@*}=@" -f "${token#*=@}" ;;
        folder:* | words:[./~]* | model:[./~]*) _rcli_add "" -d "$token" ;;
    esac
    [[ -n $choices ]] && _rcli_add "" -W "$choices" "$token"
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

# What only rcli itself knows: models, ids, inputs; with a remark where several are listed.
_rcli_ask() {
    local value about
    local -a values abouts
    while IFS=$'\t' read -r value about; do
        values+=("$value") abouts+=("$about")
    done < <("${words[0]/#\~/$HOME}" __complete "$kind" "$node" "=$token" "${words[@]:1}" 2>/dev/null)
    local number
    for number in "${!values[@]}"; do
        value=${values[number]}
        [[ $value == *[=@:/] ]] && compopt -o nospace 2>/dev/null
        printf -v value %q "$value"
        if [[ ${COMP_TYPE:-0} == 63 && ${#values[@]} -gt 1 && -n ${abouts[number]} ]]; then
            value+="  (${abouts[number]})"
        fi
        COMPREPLY+=("$value")
    done
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
