# fish completion for rcli, made by completions/generate.py

function __rcli_at --description 'Whether the command that is being written is this one'
    set -l node ''
    for word in (commandline -opc)[2..]
        if contains -- $node/$word @PATHS@
            set node $node/$word
        end
    end
    test "$node" = "$argv[1]"
end

function __rcli_ask --description 'What only rcli itself knows: names of models, ids, inputs'
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l program (string replace -r -- '^~' $HOME $words[1])
    command -q $program; or return
    command $program __complete $argv[1] "$argv[2]" "=$token" $words[2..] 2>/dev/null
end

function __rcli_words --description 'A folder, or a file behind key=@'
    set -l token (commandline -ct)
    if string match -q -- '*=@*' $token
        set -l name (string replace -r -- '=@.*' '' $token)
        for file in (string replace -r -- '^[^@]*=@' '' $token)*
            test -d $file; and set file $file/
            echo "$name=@$file"
        end
    else if string match -q -r -- '^[./~]' $token
        __fish_complete_directories $token ''
    end
end

complete -c rcli -f
@ROWS@
