
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'hallpass' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'hallpass'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'hallpass' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Validate the definitions: every problem at once, with its place and remedy')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Integrations and connections: state, account, expiry, scopes, where stored')
            [CompletionResult]::new('connect', 'connect', [CompletionResultType]::ParameterValue, 'Connect: consent in the browser once, use it from then on')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'One connection in full, no secret shown; exits 4 when it is not connected')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Call the integration''s test endpoint: does the credential work, and whose is it')
            [CompletionResult]::new('token', 'token', [CompletionResultType]::ParameterValue, 'Print a token that works now, renewed if need be')
            [CompletionResult]::new('request', 'request', [CompletionResultType]::ParameterValue, 'Call the API with the credential added')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command with a token in its environment, and end with its exit code')
            [CompletionResult]::new('refresh', 'refresh', [CompletionResultType]::ParameterValue, 'Renew connections now, and say what became of each')
            [CompletionResult]::new('disconnect', 'disconnect', [CompletionResultType]::ParameterValue, 'Revoke a connection at the provider (RFC 7009), then forget it')
            [CompletionResult]::new('move', 'move', [CompletionResultType]::ParameterValue, 'Move a connection to another store')
            [CompletionResult]::new('rename', 'rename', [CompletionResultType]::ParameterValue, 'Give a connection another name')
            [CompletionResult]::new('export', 'export', [CompletionResultType]::ParameterValue, 'Seal a connection for another machine; one that is renewed is forgotten here')
            [CompletionResult]::new('import', 'import', [CompletionResultType]::ParameterValue, 'Take in a connection that `hallpass export` sealed for this machine')
            [CompletionResult]::new('helper', 'helper', [CompletionResultType]::ParameterValue, 'Speak the credential protocol of git, docker or kubectl, or set it up there')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'What is wrong here, and the command that mends it')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Let a project file be used, after showing what it would do')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'A local OAuth provider and API, to try hallpass and to test scripts against')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            break
        }
        'hallpass;check' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object with all problems and their places')
            [CompletionResult]::new('--schema', '--schema', [CompletionResultType]::ParameterName, 'Print the JSON Schema of integrations.toml, for editors, and validate nothing')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;list' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--actions', '--actions', [CompletionResultType]::ParameterName, 'List the named requests of the definitions, with their arguments')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON array')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;connect' {
            [CompletionResult]::new('--param', '--param', [CompletionResultType]::ParameterName, 'A parameter; secrets as NAME=@FILE, NAME=env:VARIABLE or NAME=- (stdin)')
            [CompletionResult]::new('--scope', '--scope', [CompletionResultType]::ParameterName, 'A scope to ask for besides the definition''s')
            [CompletionResult]::new('--with-token', '--with-token', [CompletionResultType]::ParameterName, 'Take over a token, or a token endpoint''s answer, that is piped in')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for the consent [default: 5m; a code''s whole life]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--device', '--device', [CompletionResultType]::ParameterName, 'Get a code to enter in a browser on any device (RFC 8628)')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Only print the link, open nothing')
            [CompletionResult]::new('--paste', '--paste', [CompletionResultType]::ParameterName, 'Take the address that the browser ends at from stdin: pasted, or piped in')
            [CompletionResult]::new('--no-test', '--no-test', [CompletionResultType]::ParameterName, 'Do not call the definition''s test path at the end')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a connection that was made for other origins')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;status' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;test' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;token' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'The form to print it in')
            [CompletionResult]::new('--min-ttl', '--min-ttl', [CompletionResultType]::ParameterName, 'The life it must have at least; it is renewed for that if need be')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--refresh', '--refresh', [CompletionResultType]::ParameterName, 'Renew it, whatever life it has')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;request' {
            [CompletionResult]::new('--action', '--action', [CompletionResultType]::ParameterName, 'Make one of the definition''s named requests; its arguments are NAME=VALUE, NAME@FILE, NAME@-')
            [CompletionResult]::new('-X', '-X ', [CompletionResultType]::ParameterName, 'The method')
            [CompletionResult]::new('--method', '--method', [CompletionResultType]::ParameterName, 'The method')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'A header, as NAME: VALUE; NAME: leaves one out, NAME; sends an empty one, @FILE holds some')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'A header, as NAME: VALUE; NAME: leaves one out, NAME; sends an empty one, @FILE holds some')
            [CompletionResult]::new('--query', '--query', [CompletionResultType]::ParameterName, 'A query parameter, as NAME=VALUE')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'A form body; @FILE and @- (stdin) are read; several are joined by `&`')
            [CompletionResult]::new('--data', '--data', [CompletionResultType]::ParameterName, 'A form body; @FILE and @- (stdin) are read; several are joined by `&`')
            [CompletionResult]::new('--data-raw', '--data-raw', [CompletionResultType]::ParameterName, 'The same, and an @ is nothing special')
            [CompletionResult]::new('--data-binary', '--data-binary', [CompletionResultType]::ParameterName, 'The same, as it is: line breaks of a file stay; @FILE and @- are streamed where they stand alone')
            [CompletionResult]::new('--data-urlencode', '--data-urlencode', [CompletionResultType]::ParameterName, 'The same, URL-encoded: CONTENT, =CONTENT, NAME=CONTENT, @FILE or NAME@FILE')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'A JSON body; @FILE and @- are read; several are joined')
            [CompletionResult]::new('-F', '-F ', [CompletionResultType]::ParameterName, 'A part of multipart/form-data: NAME=VALUE, NAME=@FILE or NAME=<FILE, with ;type=… and ;filename=…')
            [CompletionResult]::new('--form', '--form', [CompletionResultType]::ParameterName, 'A part of multipart/form-data: NAME=VALUE, NAME=@FILE or NAME=<FILE, with ;type=… and ;filename=…')
            [CompletionResult]::new('--form-string', '--form-string', [CompletionResultType]::ParameterName, 'The same, and its value is taken as it is')
            [CompletionResult]::new('-T', '-T ', [CompletionResultType]::ParameterName, 'Send a file as it is, streamed, by PUT; - is stdin')
            [CompletionResult]::new('--upload-file', '--upload-file', [CompletionResultType]::ParameterName, 'Send a file as it is, streamed, by PUT; - is stdin')
            [CompletionResult]::new('--max-redirs', '--max-redirs', [CompletionResultType]::ParameterName, 'The most redirects that are followed')
            [CompletionResult]::new('--retry', '--retry', [CompletionResultType]::ParameterName, 'Try again up to N times where that helps and does no harm, after the wait the API asks for')
            [CompletionResult]::new('--max-time', '--max-time', [CompletionResultType]::ParameterName, 'Give up after this long, everything included: seconds, or a duration such as 5m')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'Give a connection this long to come up')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the answer''s body to a file; - is stdout, every byte as it is')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the answer''s body to a file; - is stdout, every byte as it is')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'With -, go on with what an earlier time left of the file')
            [CompletionResult]::new('--continue-at', '--continue-at', [CompletionResultType]::ParameterName, 'With -, go on with what an earlier time left of the file')
            [CompletionResult]::new('--max-filesize', '--max-filesize', [CompletionResultType]::ParameterName, 'Take no longer body than this: 1000, 10k, 5M, 1G')
            [CompletionResult]::new('--jq', '--jq', [CompletionResultType]::ParameterName, 'Print what this jq expression picks from a JSON answer, strings raw; an error is printed whole')
            [CompletionResult]::new('--all-pages-limit', '--all-pages-limit', [CompletionResultType]::ParameterName, 'Stop after so many pages, which is a success; without it, more than 1000 are a failure')
            [CompletionResult]::new('--batch', '--batch', [CompletionResultType]::ParameterName, 'Make the requests that stand in a file (or - for stdin), one JSON object a line, and print one result a line; with --jq its `body` is what is picked: null for nothing, an array for several; --fail leaves out that of an error')
            [CompletionResult]::new('--parallel', '--parallel', [CompletionResultType]::ParameterName, 'Have so many requests of the batch under way at once, up to 64 [default: 1]')
            [CompletionResult]::new('--unix-socket', '--unix-socket', [CompletionResultType]::ParameterName, 'Reach the definition''s base URL on a Unix socket; other hosts are reached as always')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-G', '-G ', [CompletionResultType]::ParameterName, 'Put the data into the query, and make a GET of it')
            [CompletionResult]::new('--get', '--get', [CompletionResultType]::ParameterName, 'Put the data into the query, and make a GET of it')
            [CompletionResult]::new('-L', '-L ', [CompletionResultType]::ParameterName, 'Follow redirects; the credential goes along within its origin and never to another')
            [CompletionResult]::new('--location', '--location', [CompletionResultType]::ParameterName, 'Follow redirects; the credential goes along within its origin and never to another')
            [CompletionResult]::new('--retry-non-idempotent', '--retry-non-idempotent', [CompletionResultType]::ParameterName, 'Try again also what may have been done already, such as a POST')
            [CompletionResult]::new('-O', '-O ', [CompletionResultType]::ParameterName, 'Write it to a file named as the URL''s last part')
            [CompletionResult]::new('--remote-name', '--remote-name', [CompletionResultType]::ParameterName, 'Write it to a file named as the URL''s last part')
            [CompletionResult]::new('-J', '-J ', [CompletionResultType]::ParameterName, 'With -O, take the name that the answer gives, and never replace a file')
            [CompletionResult]::new('--remote-header-name', '--remote-header-name', [CompletionResultType]::ParameterName, 'With -O, take the name that the answer gives, and never replace a file')
            [CompletionResult]::new('--create-dirs', '--create-dirs', [CompletionResultType]::ParameterName, 'Make the directories of the file named by -o')
            [CompletionResult]::new('-i', '-i', [CompletionResultType]::ParameterName, 'Print the answer''s status line and headers too')
            [CompletionResult]::new('--include', '--include', [CompletionResultType]::ParameterName, 'Print the answer''s status line and headers too')
            [CompletionResult]::new('-I', '-I ', [CompletionResultType]::ParameterName, 'Ask with HEAD, and print the status line and headers only')
            [CompletionResult]::new('--head', '--head', [CompletionResultType]::ParameterName, 'Ask with HEAD, and print the status line and headers only')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Print no body of an answer of 400 or more; the exit code is 8 in any case')
            [CompletionResult]::new('--fail', '--fail', [CompletionResultType]::ParameterName, 'Print no body of an answer of 400 or more; the exit code is 8 in any case')
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'Say nothing but errors, as --quiet')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing but errors, as --quiet')
            [CompletionResult]::new('-S', '-S ', [CompletionResultType]::ParameterName, 'Accepted as curl has it: errors are always said')
            [CompletionResult]::new('--show-error', '--show-error', [CompletionResultType]::ParameterName, 'Accepted as curl has it: errors are always said')
            [CompletionResult]::new('--paginate', '--paginate', [CompletionResultType]::ParameterName, 'Make the requests for all further pages, as Link headers or `api.paginate` say')
            [CompletionResult]::new('--slurp', '--slurp', [CompletionResultType]::ParameterName, 'Join what the pages hold into one JSON array')
            [CompletionResult]::new('--fail-fast', '--fail-fast', [CompletionResultType]::ParameterName, 'Begin no more requests of the batch after one that failed')
            [CompletionResult]::new('--http1.1', '--http1.1', [CompletionResultType]::ParameterName, 'Speak HTTP/1.1, also where the server would take HTTP/2')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be sent, without secrets, and send nothing')
            [CompletionResult]::new('--curl', '--curl', [CompletionResultType]::ParameterName, 'Print a curl command that does the same, with the credential''s header from `hallpass token`')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;exec' {
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'A variable to set')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'A variable to set to the path of a file with the token, which is kept fresh')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;refresh' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every connection that is kept and can be renewed')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON array')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;disconnect' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every connection')
            [CompletionResult]::new('--local', '--local', [CompletionResultType]::ParameterName, 'Only forget: the tokens live on at the provider until they expire')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;move' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Where it is to rest')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;rename' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;export' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'The other machine: what `hallpass import --recipient` prints there (`age1…`)')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write it to a new file instead of stdout')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write it to a new file instead of stdout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Keep it here too, though two copies of a rotating grant burn each other')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;import' {
            [CompletionResult]::new('--as', '--as', [CompletionResultType]::ParameterName, 'Give it this name instead of the one it had')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--recipient', '--recipient', [CompletionResultType]::ParameterName, 'Print whom to export to for this machine (`age1…`)')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;helper' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('git', 'git', [CompletionResultType]::ParameterValue, 'git''s credential helper: `get`, `store` and `erase`, as git calls it')
            [CompletionResult]::new('docker', 'docker', [CompletionResultType]::ParameterValue, 'docker''s credential helper, also by the name docker-credential-hallpass')
            [CompletionResult]::new('kubectl', 'kubectl', [CompletionResultType]::ParameterValue, 'kubectl''s credential plugin: an ExecCredential on stdout')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Write a tool''s own configuration so that it asks hallpass, after showing it')
            break
        }
        'hallpass;helper;git' {
            [CompletionResult]::new('--connection', '--connection', [CompletionResultType]::ParameterName, 'The connection to use; else git''s user name may name it, or it is the definition''s own')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;helper;docker' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;helper;kubectl' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;helper;install' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Write it without asking')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;doctor' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print a JSON object')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;trust' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Trust it without asking')
            [CompletionResult]::new('--revoke', '--revoke', [CompletionResultType]::ParameterName, 'Forget that it was trusted')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'Print the files that are trusted, and change nothing')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;sandbox' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port to listen on; 0 takes any free one')
            [CompletionResult]::new('--token-ttl', '--token-ttl', [CompletionResultType]::ParameterName, 'How long access tokens live; 0s lets them be born expired')
            [CompletionResult]::new('--visit', '--visit', [CompletionResultType]::ParameterName, 'Play the person: open an authorization link and approve')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('--quirks', '--quirks', [CompletionResultType]::ParameterName, 'Also play providers that differ from the standard, one quirk each')
            [CompletionResult]::new('--print-config', '--print-config', [CompletionResultType]::ParameterName, 'Print the definitions for a sandbox on this port, and end')
            [CompletionResult]::new('--tour', '--tour', [CompletionResultType]::ParameterName, 'Show connect, token, request, renewal and disconnect, for real')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hallpass;completions' {
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Use this definition file alone (or HALLPASS_CONFIG)')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Where new connections are kept (or HALLPASS_STORE)')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on a terminal')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say what is done on stderr, without secrets; twice says more')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--no-input', '--no-input', [CompletionResultType]::ParameterName, 'Never ask anything')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
