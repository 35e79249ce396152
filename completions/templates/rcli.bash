# bash completion for rcli, made by completions/generate.py

_rcli() {
    local line=${COMP_LINE:0:COMP_POINT} node="" kind="" choices="" options="" word words
    local token=${line##*[[:space:]]}
    # readline replaces only what comes after the last of these characters
    local kept=${token%"${token##*["$COMP_WORDBREAKS"]}"}
    read -ra words <<<"${line%"$token"}"
    for word in "${words[@]:1}"; do
        case "$node/$word" in
            @PATHS@) node=$node/$word ;;
        esac
    done
    case "$node ${words[${#words[@]} - 1]}" in
@VALUES@
        *)
            case "$node" in
@NODES@
            esac
            [[ $token == -* ]] && kind="" choices=$options
            ;;
    esac
    COMPREPLY=()
    case "$kind" in
        @ASKED@) _rcli_ask ;;
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
