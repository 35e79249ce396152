# PowerShell completion for rcli, made by completions/generate.py

Register-ArgumentCompleter -Native -CommandName rcli -ScriptBlock {
    param($token, $ast, $cursor)
    $nodes = @{
        '' = @('run', 'stream', 'exec', 'init', 'scaffold', 'push', 'lock', 'predictions', 'train', 'trainings', 'library', 'models', 'versions', 'collections', 'search', 'deployments', 'files', 'hardware', 'webhook', 'ps', 'serve', 'api', 'auth', 'account', 'config', 'doctor', 'cache', 'completion', 'help', '--version', '-V', '--help', '-h')
        '/run' = @('--input', '-i', '--output', '-o', '--output-dir', '--file', '-f', '--detach', '-d', '--logs', '--with', '--any-python', '--torch-backend', '--env', '-e', '--resize', '--interactive', '--dry-run', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--repeat', '--sweep', '--yes', '-y', '--code', '--locked', '--name', '--provenance', '--no-preview', '--open', '--web', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/stream' = @('--input', '-i', '--file', '-f', '--logs', '--with', '--any-python', '--torch-backend', '--env', '-e', '--resize', '--interactive', '--dry-run', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--code', '--locked', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/exec' = @('--file', '-f', '--with', '--any-python', '--torch-backend', '--env', '-e', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/init' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/scaffold' = @('webhook', 'program', '--help', '-h')
        '/scaffold/webhook' = @('--python', '--node', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/scaffold/program' = @('--input', '-i', '--python', '--node', '--curl', '--output', '-o', '--file', '-f', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/push' = @('--file', '-f', '--watch', '-w', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/lock' = @('--remove', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions' = @('list', 'show', 'watch', 'logs', 'create', 'cancel', 'wait', 'rerun', 'download', 'open', '--help', '-h')
        '/predictions/list' = @('--limit', '-n', '--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/show' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/watch' = @('last', '--output', '-o', '--output-dir', '--logs', '--name', '--provenance', '--no-preview', '--open', '--web', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/logs' = @('last', '--follow', '-f', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/create' = @('--input', '-i', '--file', '-f', '--with', '--any-python', '--torch-backend', '--env', '-e', '--resize', '--interactive', '--dry-run', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--repeat', '--sweep', '--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/cancel' = @('last', '--all', '--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/wait' = @('last', '--timeout', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/rerun' = @('last', '--input', '-i', '--output', '-o', '--output-dir', '--detach', '-d', '--logs', '--env', '-e', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--name', '--provenance', '--no-preview', '--open', '--web', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/download' = @('last', '--output', '-o', '--output-dir', '--name', '--provenance', '--no-preview', '--open', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/predictions/open' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/train' = @('--destination', '--input', '-i', '--file', '-f', '--create-destination', '--private', '--hardware', '--yes', '-y', '--detach', '-d', '--cancel-on-interrupt', '--logs', '--csv', '--download', '--try', '--timeout', '--webhook', '--webhook-events', '--resize', '--convert', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/trainings' = @('list', 'show', 'watch', 'logs', 'wait', 'cancel', 'open', '--help', '-h')
        '/trainings/list' = @('--limit', '-n', '--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/trainings/show' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/trainings/watch' = @('--logs', '--csv', '--download', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/trainings/logs' = @('--follow', '-f', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/trainings/wait' = @('--timeout', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/trainings/cancel' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/trainings/open' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library' = @('list', 'search', 'show', 'open', 'export', 'prune', 'off', 'rescue', '--help', '-h')
        '/library/list' = @('--limit', '-n', '--kind', '--model', '--status', '--since', '--before', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/search' = @('--limit', '-n', '--kind', '--model', '--status', '--since', '--before', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/show' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/open' = @('last', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/export' = @('--kind', '--model', '--status', '--since', '--before', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/prune' = @('--older-than', '--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/off' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/library/rescue' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models' = @('list', 'search', 'show', 'readme', 'examples', 'schema', 'create', 'update', 'delete', '--help', '-h')
        '/models/list' = @('--limit', '-n', '--all', '--sort', '--reverse', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/search' = @('--limit', '-n', '--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/show' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/readme' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/examples' = @('--limit', '-n', '--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/schema' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/create' = @('--private', '--hardware', '--description', '--github-url', '--paper-url', '--license-url', '--cover-image-url', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/update' = @('--description', '--github-url', '--paper-url', '--license-url', '--weights-url', '--readme', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/models/delete' = @('--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/versions' = @('list', 'show', 'diff', 'delete', '--help', '-h')
        '/versions/list' = @('--limit', '-n', '--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/versions/show' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/versions/diff' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/versions/delete' = @('--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/collections' = @('list', 'show', '--help', '-h')
        '/collections/list' = @('--limit', '-n', '--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/collections/show' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/search' = @('--limit', '-n', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/deployments' = @('list', 'show', 'create', 'update', 'scale', 'delete', 'run', '--help', '-h')
        '/deployments/list' = @('--limit', '-n', '--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/deployments/show' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/deployments/create' = @('--hardware', '--min', '--max', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/deployments/update' = @('--version', '--hardware', '--min', '--max', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/deployments/scale' = @('--min', '--max', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/deployments/delete' = @('--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/deployments/run' = @('--input', '-i', '--output', '-o', '--output-dir', '--detach', '-d', '--logs', '--resize', '--interactive', '--dry-run', '--timeout', '--prefer-wait', '--webhook', '--webhook-events', '--repeat', '--sweep', '--yes', '-y', '--code', '--name', '--provenance', '--no-preview', '--open', '--web', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/files' = @('list', 'show', 'upload', 'download', 'delete', '--help', '-h')
        '/files/list' = @('--limit', '-n', '--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/files/show' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/files/upload' = @('--type', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/files/download' = @('--output', '-o', '--output-dir', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/files/delete' = @('--yes', '-y', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/hardware' = @('list', '--help', '-h')
        '/hardware/list' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/webhook' = @('listen', 'replay', 'trigger', 'check', 'verify', 'secret', '--help', '-h')
        '/webhook/listen' = @('--forward-to', '--forward', '--header', '--events', '--filter', '--save', '--exec', '--print-secret', '--no-retry', '--port', '--bind', '--path', '--public-url', '--secret-file', '--mine', '--model', '--deployment', '--since', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/webhook/replay' = @('last', '--event', '--from', '--new-id', '--forward-to', '--header', '--secret-file', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/webhook/trigger' = @('--model', '--training', '--set', '--forward-to', '--header', '--secret-file', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/webhook/check' = @('--forward-to', '--header', '--secret-file', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/webhook/verify' = @('--header', '--body', '--any-time', '--secret-file', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/webhook/secret' = @('--secret-file', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/ps' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/serve' = @('status', 'stop', 'logs', '--port', '-p', '--bind', '--token-file', '--access-log', '--background', '-b', '--help', '-h')
        '/serve/status' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/serve/stop' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/serve/logs' = @('--lines', '-n', '--follow', '-f', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/api' = @('--method', '-X', '--raw-field', '-f', '--field', '-F', '--header', '-H', '--input', '--paginate', '--slurp', '--include', '-i', '--curl', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth' = @('login', 'logout', 'switch', 'status', 'token', '--help', '-h')
        '/auth/login' = @('--with-token', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth/logout' = @('--all', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth/switch' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth/status' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/auth/token' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/account' = @('show', '--help', '-h')
        '/account/show' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config' = @('path', 'list', 'get', 'set', 'edit', 'host', '--help', '-h')
        '/config/path' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/list' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/get' = @('host', 'output_dir', 'preview', 'token_store', 'library', 'engine.port', 'engine.idle', 'engine.replica_idle', 'engine.setup_timeout', 'engine.max_replicas', 'engine.max_queue', 'engine.memory_reserve', 'engine.disk_reserve', 'engine.retention', 'engine.quota', 'prices.cpu', 'prices.gpu-t4', 'prices.gpu-a40-small', 'prices.gpu-a40-large', 'prices.gpu-l40s', 'prices.gpu-a100-large', 'prices.gpu-h100', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/set' = @('host', 'output_dir', 'preview', 'token_store', 'library', 'engine.port', 'engine.idle', 'engine.replica_idle', 'engine.setup_timeout', 'engine.max_replicas', 'engine.max_queue', 'engine.memory_reserve', 'engine.disk_reserve', 'engine.retention', 'engine.quota', 'prices.cpu', 'prices.gpu-t4', 'prices.gpu-a40-small', 'prices.gpu-a40-large', 'prices.gpu-l40s', 'prices.gpu-a100-large', 'prices.gpu-h100', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/edit' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/host' = @('add', 'list', 'use', 'remove', '--help', '-h')
        '/config/host/add' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/host/list' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/host/use' = @('replicate', 'local', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/config/host/remove' = @('replicate', 'local', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/doctor' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/cache' = @('list', 'prune', '--help', '-h')
        '/cache/list' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/cache/prune' = @('--all', '--older-than', '--dry-run', '--uv', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/completion' = @('install', 'bash', 'zsh', 'fish', 'powershell', '--help', '-h')
        '/completion/install' = @('--shell', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/completion/bash' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/completion/zsh' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/completion/fish' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/completion/powershell' = @('--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
        '/help' = @('run', 'stream', 'exec', 'init', 'scaffold', 'push', 'lock', 'predictions', 'train', 'trainings', 'library', 'models', 'versions', 'collections', 'search', 'deployments', 'files', 'hardware', 'webhook', 'ps', 'serve', 'api', 'auth', 'account', 'config', 'doctor', 'cache', 'completion', 'help', 'exit-codes', 'environment', 'hosts', 'inputs', 'settings', '--host', '--json', '--jq', '--quiet', '-q', '--plain', '--progress', '--no-input', '--debug', '-v', '--help', '-h')
    }
    $values = @{
        '/webhook/listen --model' = @()
        '/webhook/trigger --model' = @()
        '/api -f' = @()
        '/api --input' = @()
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
        '--repeat' = @()
        '--sweep' = @()
        '--code' = @()
        '--name' = @()
        '--host' = @('replicate', 'local')
        '--jq' = @()
        '--progress' = @('auto', 'plain', 'none')
        '--limit' = @()
        '-n' = @()
        '--destination' = @()
        '--hardware' = @()
        '--csv' = @()
        '--try' = @()
        '--convert' = @()
        '--kind' = @()
        '--model' = @()
        '--status' = @('starting', 'processing', 'succeeded', 'failed', 'canceled', 'aborted')
        '--since' = @()
        '--before' = @()
        '--older-than' = @()
        '--sort' = @()
        '--description' = @()
        '--github-url' = @()
        '--paper-url' = @()
        '--license-url' = @()
        '--cover-image-url' = @()
        '--weights-url' = @()
        '--readme' = @()
        '--min' = @()
        '--max' = @()
        '--version' = @()
        '--type' = @()
        '--forward-to' = @()
        '--forward' = @()
        '--header' = @()
        '--events' = @('start', 'output', 'logs', 'completed')
        '--filter' = @()
        '--save' = @()
        '--exec' = @()
        '--port' = @()
        '--bind' = @()
        '--path' = @()
        '--public-url' = @()
        '--secret-file' = @()
        '--deployment' = @()
        '--event' = @()
        '--from' = @()
        '--set' = @()
        '--body' = @()
        '-p' = @()
        '--token-file' = @()
        '--lines' = @()
        '--method' = @()
        '-X' = @()
        '--raw-field' = @()
        '--field' = @()
        '-H' = @()
        '--shell' = @('bash', 'zsh', 'fish', 'powershell')
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
        '/run' = 'words'
        '/stream' = 'words'
        '/scaffold/program' = 'words'
        '/lock' = 'model'
        '/predictions/show' = 'id'
        '/predictions/watch' = 'id'
        '/predictions/logs' = 'id'
        '/predictions/create' = 'words'
        '/predictions/cancel' = 'id'
        '/predictions/wait' = 'id'
        '/predictions/rerun' = 'id'
        '/predictions/download' = 'id'
        '/predictions/open' = 'id'
        '/train' = 'words'
        '/trainings/show' = 'id'
        '/trainings/watch' = 'id'
        '/trainings/logs' = 'id'
        '/trainings/wait' = 'id'
        '/trainings/cancel' = 'id'
        '/trainings/open' = 'id'
        '/library/show' = 'id'
        '/library/open' = 'id'
        '/models/show' = 'model'
        '/models/readme' = 'model'
        '/models/examples' = 'model'
        '/models/schema' = 'model'
        '/models/create' = 'model'
        '/models/update' = 'model'
        '/models/delete' = 'model'
        '/versions/list' = 'model'
        '/versions/show' = 'model'
        '/versions/diff' = 'model'
        '/versions/delete' = 'model'
        '/webhook/replay' = 'id'
        '/auth/logout' = 'account'
        '/auth/switch' = 'account'
        '/auth/token' = 'account'
        '/config/host/use' = 'host'
        '/config/host/remove' = 'host'
        '/webhook/listen --model' = 'model'
        '/webhook/trigger --model' = 'model'
        '--input' = 'input'
        '-i' = 'input'
        '--host' = 'host'
        '--try' = 'input'
        '--set' = 'input'
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
