# PowerShell completion for rcli, made by completions/generate.py

Register-ArgumentCompleter -Native -CommandName rcli -ScriptBlock {
    param($token, $ast, $cursor)
    $nodes = @{
        '' = @('run', 'stream', 'exec', 'init', 'push', 'predictions', 'library', 'models', 'serve', 'auth', 'config', 'cache', '--version', '-V', '--help', '-h')
        '/run' = @('--input', '-i', '--output', '-o', '--output-dir', '--file', '-f', '--detach', '-d', '--with', '--any-python', '--torch-backend', '--env', '-e', '--logs', '--resize', '--interactive', '--dry-run', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--name', '--provenance', '--no-preview', '--open', '--web', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/stream' = @('--input', '-i', '--file', '-f', '--with', '--any-python', '--torch-backend', '--env', '-e', '--logs', '--resize', '--interactive', '--dry-run', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/exec' = @('--file', '-f', '--with', '--any-python', '--torch-backend', '--env', '-e', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/init' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/push' = @('--file', '-f', '--watch', '-w', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions' = @('list', 'show', 'watch', 'logs', 'create', 'cancel', 'wait', 'rerun', 'download', 'open', '--help', '-h')
        '/predictions/list' = @('--limit', '-n', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/show' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/watch' = @('last', '--output', '-o', '--output-dir', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/logs' = @('last', '--follow', '-f', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/create' = @('--input', '-i', '--file', '-f', '--with', '--any-python', '--torch-backend', '--env', '-e', '--resize', '--interactive', '--dry-run', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/cancel' = @('last', '--all', '--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/wait' = @('last', '--timeout', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/rerun' = @('last', '--input', '-i', '--output', '-o', '--output-dir', '--detach', '-d', '--env', '-e', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/download' = @('last', '--output', '-o', '--output-dir', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/open' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library' = @('list', 'search', 'show', 'open', 'export', 'prune', 'off', 'rescue', '--help', '-h')
        '/library/list' = @('--limit', '-n', '--model', '--status', '--since', '--before', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/search' = @('--limit', '-n', '--model', '--status', '--since', '--before', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/show' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/open' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/export' = @('--model', '--status', '--since', '--before', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/prune' = @('--older-than', '--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/off' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/rescue' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
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
        '/config/get' = @('host', 'output_dir', 'preview', 'token_store', 'library', 'engine.port', 'engine.idle', 'engine.replica_idle', 'engine.setup_timeout', 'engine.max_replicas', 'engine.max_queue', 'engine.memory_reserve', 'engine.disk_reserve', 'engine.retention', 'engine.quota', 'prices.cpu', 'prices.gpu-t4', 'prices.gpu-a40-small', 'prices.gpu-a40-large', 'prices.gpu-l40s', 'prices.gpu-a100-large', 'prices.gpu-h100', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/set' = @('host', 'output_dir', 'preview', 'token_store', 'library', 'engine.port', 'engine.idle', 'engine.replica_idle', 'engine.setup_timeout', 'engine.max_replicas', 'engine.max_queue', 'engine.memory_reserve', 'engine.disk_reserve', 'engine.retention', 'engine.quota', 'prices.cpu', 'prices.gpu-t4', 'prices.gpu-a40-small', 'prices.gpu-a40-large', 'prices.gpu-l40s', 'prices.gpu-a100-large', 'prices.gpu-h100', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/cache' = @('list', 'prune', '--help', '-h')
        '/cache/list' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/cache/prune' = @('--all', '--older-than', '--dry-run', '--uv', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
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
        '--resize' = @()
        '--timeout' = @()
        '--prefer-wait' = @()
        '--webhook' = @()
        '--webhook-events' = @('start', 'output', 'logs', 'completed')
        '--name' = @()
        '--host' = @('replicate', 'local')
        '--jq' = @()
        '--progress' = @('auto', 'plain', 'none')
        '--limit' = @()
        '-n' = @()
        '--model' = @()
        '--status' = @('starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted')
        '--since' = @()
        '--before' = @()
        '--older-than' = @()
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
