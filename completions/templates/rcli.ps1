# PowerShell completion for rcli, made by completions/generate.py

Register-ArgumentCompleter -Native -CommandName rcli -ScriptBlock {
    param($token, $ast, $cursor)
    $nodes = @{
@NODES@
    }
    $values = @{
@VALUES@
    }
    # the words before the one to complete, as rcli gets them: without the quotes around them
    $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object {
        if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value }
        else { $_.Extent.Text }
    })
    $token = "$token" -replace '^["'']|["'']$', ''
    $node = ''
    foreach ($word in ($words | Select-Object -Skip 1)) {
        if ($nodes.ContainsKey("$node/$word")) { $node = "$node/$word" }
    }
    $kinds = @{
@KINDS@
    }
    $found = $nodes[$node]
    $kind = $kinds[$node]
    foreach ($name in $words[-1], "$node $($words[-1])") {
        if ($values.ContainsKey($name)) { $found = $values[$name]; $kind = $kinds[$name] }
    }
    # what only rcli itself knows: names of models, ids, a model's inputs
    $told = @()
    if ($kind) {
        try {
            $rest = @($words | Select-Object -Skip 1)
            $told = @(& $words[0] __complete $kind $node "=$token" @rest 2>$null)
        } catch { $told = @() }
    }
    $complete = {
        param($text, $shown, $type, $about)
        $written = if ($text -match '[^\w\-+./\\:=@~]') { "'" + $text.Replace("'", "''") + "'" } else { $text }
        [System.Management.Automation.CompletionResult]::new($written, $shown, $type, $about)
    }
    if ($token -match '^(?<start>[^@]*=@(?<folder>.*[/\\])?)(?<file>[^/\\]*)$') {
        $start = $Matches.start
        $pattern = "$($Matches.folder)$($Matches.file)*"
        return Get-ChildItem -Path $pattern -ErrorAction SilentlyContinue | ForEach-Object {
            & $complete ($start + $_.Name) $_.Name 'ProviderItem' $_.FullName
        }
    }
    foreach ($line in $told) {
        $value, $about = $line -split "`t", 2
        if (-not $about) { $about = $value }
        & $complete $value $value 'ParameterValue' $about
    }
    # without an answer of ours PowerShell completes paths
    $found | Where-Object { $_ -and "$_".StartsWith($token, 'OrdinalIgnoreCase') } |
        Where-Object { $token -or $_ -notlike '-*' } |
        ForEach-Object { & $complete $_ $_ 'ParameterValue' $_ }
}
