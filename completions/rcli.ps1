# PowerShell completion for rcli, made by completions/generate.py

Register-ArgumentCompleter -Native -CommandName rcli -ScriptBlock {
    param($token, $ast, $cursor)
    $nodes = @{
        '' = @('run', 'stream', 'exec', 'init', 'push', 'predictions', 'models', 'serve', 'auth', 'config', 'cache', '--version', '-V', '--help', '-h')
        '/run' = @('--input', '-i', '--output', '-o', '--output-dir', '--file', '-f', '--detach', '-d', '--with', '--any-python', '--torch-backend', '--env', '-e', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/stream' = @('--input', '-i', '--file', '-f', '--with', '--any-python', '--torch-backend', '--env', '-e', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/exec' = @('--file', '-f', '--with', '--any-python', '--torch-backend', '--env', '-e', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/init' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/push' = @('--file', '-f', '--watch', '-w', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions' = @('list', 'show', 'watch', 'cancel', '--help', '-h')
        '/predictions/list' = @('--limit', '-n', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/show' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/watch' = @('last', '--output', '-o', '--output-dir', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/cancel' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models' = @('list', 'show', 'schema', '--help', '-h')
        '/models/list' = @('--limit', '-n', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/show' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/schema' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/serve' = @('status', 'stop', 'logs', '--port', '-p', '--bind', '--token-file', '--help', '-h')
        '/serve/status' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/serve/stop' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/serve/logs' = @('--lines', '-n', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth' = @('login', 'logout', 'status', 'token', '--help', '-h')
        '/auth/login' = @('--with-token', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth/logout' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth/status' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth/token' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config' = @('path', 'list', 'get', 'set', '--help', '-h')
        '/config/path' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/list' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/get' = @('host', 'output_dir', 'token_store', 'engine.port', 'engine.idle', 'engine.replica_idle', 'engine.setup_timeout', 'engine.max_replicas', 'engine.max_queue', 'engine.memory_reserve', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/set' = @('host', 'output_dir', 'token_store', 'engine.port', 'engine.idle', 'engine.replica_idle', 'engine.setup_timeout', 'engine.max_replicas', 'engine.max_queue', 'engine.memory_reserve', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/cache' = @('list', 'prune', '--help', '-h')
        '/cache/list' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/cache/prune' = @('--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
    }
    $values = @{
        '--input' = @()
        '-i' = @()
        '--output' = @()
        '-o' = @()
        '--output-dir' = @()
        '--file' = @()
        '-f' = @()
        '--with' = @()
        '--torch-backend' = @('cpu', 'auto')
        '--env' = @()
        '-e' = @()
        '--host' = @('replicate', 'local')
        '--jq' = @()
        '--progress' = @('auto', 'plain', 'none')
        '--limit' = @()
        '-n' = @()
        '--port' = @()
        '-p' = @()
        '--bind' = @()
        '--token-file' = @()
        '--lines' = @()
    }
    $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } |
        ForEach-Object { $_.ToString() })
    $node = ''
    foreach ($word in ($words | Select-Object -Skip 1)) {
        if ($nodes.ContainsKey("$node/$word")) { $node = "$node/$word" }
    }
    $found = if ($values.ContainsKey($words[-1])) { $values[$words[-1]] } else { $nodes[$node] }
    if ($token -match '^(?<key>[^@]*=@)(?<file>.*)$') {
        $key = $Matches.key
        return Get-ChildItem "$($Matches.file)*" | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new(
                $key + (Resolve-Path -Relative $_.FullName), $_.Name, 'ProviderItem', $_.FullName)
        }
    }
    # without an answer of ours PowerShell completes paths
    $found | Where-Object { $_ -like "$token*" -and ($token -or $_ -notlike '-*') } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
