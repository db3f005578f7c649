# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_hallpass_global_optspecs
    string join \n config= store= v/verbose quiet color= no-input h/help V/version
end

function __fish_hallpass_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_hallpass_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_hallpass_using_subcommand
    set -l cmd (__fish_hallpass_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c hallpass -n "__fish_hallpass_needs_command" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_needs_command" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_needs_command" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_needs_command" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_needs_command" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_needs_command" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_needs_command" -s V -l version -d 'Print version'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "check" -d 'Validate the definitions: every problem at once, with its place and remedy'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "list" -d 'Integrations and connections: state, account, expiry, scopes, where stored'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "connect" -d 'Connect: consent in the browser once, use it from then on'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "status" -d 'One connection in full, no secret shown; exits 4 when it is not connected'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "test" -d 'Call the integration\'s test endpoint: does the credential work, and whose is it'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "token" -d 'Print a token that works now, renewed if need be'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "request" -d 'Call the API with the credential added'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "exec" -d 'Run a command with a token in its environment, and end with its exit code'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "refresh" -d 'Renew connections now, and say what became of each'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "disconnect" -d 'Revoke a connection at the provider (RFC 7009), then forget it'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "move" -d 'Move a connection to another store'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "rename" -d 'Give a connection another name'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "export" -d 'Seal a connection for another machine; one that is renewed is forgotten here'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "import" -d 'Take in a connection that `hallpass export` sealed for this machine'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "helper" -d 'Speak the credential protocol of git, docker or kubectl, or set it up there'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "doctor" -d 'What is wrong here, and the command that mends it'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "trust" -d 'Let a project file be used, after showing what it would do'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "sandbox" -d 'A local OAuth provider and API, to try hallpass and to test scripts against'
complete -c hallpass -n "__fish_hallpass_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -l json -d 'Print a JSON object with all problems and their places'
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -l schema -d 'Print the JSON Schema of integrations.toml, for editors, and validate nothing'
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l actions -d 'List the named requests of the definitions, with their arguments'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l json -d 'Print a JSON array'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l param -d 'A parameter; secrets as NAME=@FILE, NAME=env:VARIABLE or NAME=- (stdin)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l scope -d 'A scope to ask for besides the definition\'s' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l with-token -d 'Take over a token, or a token endpoint\'s answer, that is piped in' -r -f -a "-\t''"
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l timeout -d 'How long to wait for the consent [default: 5m; a code\'s whole life]' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l device -d 'Get a code to enter in a browser on any device (RFC 8628)'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l no-browser -d 'Only print the link, open nothing'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l paste -d 'Take the address that the browser ends at from stdin: pasted, or piped in'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l no-test -d 'Do not call the definition\'s test path at the end'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l force -d 'Replace a connection that was made for other origins'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l json -d 'Print a JSON object'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand test" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand test" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand test" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand test" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand test" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand test" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l format -d 'The form to print it in' -r -f -a "raw\t'The token and a line break'
json\t'An object: `access_token`, `token_type`, `expires_at`, `scopes`, and `id_token` where there is one'
header\t'The header line the definition would send'
env\t'`HALLPASS_TOKEN=\'…\'`, quoted for a shell'
id-token\t'The OpenID Connect ID token'"
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l min-ttl -d 'The life it must have at least; it is renewed for that if need be' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l refresh -d 'Renew it, whatever life it has'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l action -d 'Make one of the definition\'s named requests; its arguments are NAME=VALUE, NAME@FILE, NAME@-' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s X -l method -d 'The method' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s H -l header -d 'A header, as NAME: VALUE; NAME: leaves one out, NAME; sends an empty one, @FILE holds some' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l query -d 'A query parameter, as NAME=VALUE' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s d -l data -d 'A form body; @FILE and @- (stdin) are read; several are joined by `&`' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l data-raw -d 'The same, and an @ is nothing special' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l data-binary -d 'The same, as it is: line breaks of a file stay; @FILE and @- are streamed where they stand alone' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l data-urlencode -d 'The same, URL-encoded: CONTENT, =CONTENT, NAME=CONTENT, @FILE or NAME@FILE' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l json -d 'A JSON body; @FILE and @- are read; several are joined' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s F -l form -d 'A part of multipart/form-data: NAME=VALUE, NAME=@FILE or NAME=<FILE, with ;type=… and ;filename=…' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l form-string -d 'The same, and its value is taken as it is' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s T -l upload-file -d 'Send a file as it is, streamed, by PUT; - is stdin' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l max-redirs -d 'The most redirects that are followed' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l retry -d 'Try again up to N times where that helps and does no harm, after the wait the API asks for' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l max-time -d 'Give up after this long, everything included: seconds, or a duration such as 5m' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l connect-timeout -d 'Give a connection this long to come up' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s o -l output -d 'Write the answer\'s body to a file; - is stdout, every byte as it is' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s C -l continue-at -d 'With -, go on with what an earlier time left of the file' -r -f -a "-\t''"
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l max-filesize -d 'Take no longer body than this: 1000, 10k, 5M, 1G' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l jq -d 'Print what this jq expression picks from a JSON answer, strings raw; an error is printed whole' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l all-pages-limit -d 'Stop after so many pages, which is a success; without it, more than 1000 are a failure' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l batch -d 'Make the requests that stand in a file (or - for stdin), one JSON object a line, and print one result a line; with --jq its `body` is what is picked: null for nothing, an array for several; --fail leaves out that of an error' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l parallel -d 'Have so many requests of the batch under way at once, up to 64 [default: 1]' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l unix-socket -d 'Reach the definition\'s base URL on a Unix socket; other hosts are reached as always' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s G -l get -d 'Put the data into the query, and make a GET of it'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s L -l location -d 'Follow redirects; the credential goes along within its origin and never to another'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l retry-non-idempotent -d 'Try again also what may have been done already, such as a POST'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s O -l remote-name -d 'Write it to a file named as the URL\'s last part'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s J -l remote-header-name -d 'With -O, take the name that the answer gives, and never replace a file'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l create-dirs -d 'Make the directories of the file named by -o'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s i -l include -d 'Print the answer\'s status line and headers too'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s I -l head -d 'Ask with HEAD, and print the status line and headers only'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s f -l fail -d 'Print no body of an answer of 400 or more; the exit code is 8 in any case'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s s -l silent -d 'Say nothing but errors, as --quiet'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s S -l show-error -d 'Accepted as curl has it: errors are always said'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l paginate -d 'Make the requests for all further pages, as Link headers or `api.paginate` say'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l slurp -d 'Join what the pages hold into one JSON array'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l fail-fast -d 'Begin no more requests of the batch after one that failed'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l http1.1 -d 'Speak HTTP/1.1, also where the server would take HTTP/2'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l dry-run -d 'Show what would be sent, without secrets, and send nothing'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l curl -d 'Print a curl command that does the same, with the credential\'s header from `hallpass token`'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand request" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l env -d 'A variable to set' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l token-file -d 'A variable to set to the path of a file with the token, which is kept fresh' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -l all -d 'Every connection that is kept and can be renewed'
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -l json -d 'Print a JSON array'
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -l all -d 'Every connection'
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -l local -d 'Only forget: the tokens live on at the provider until they expire'
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand disconnect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand move" -l to -d 'Where it is to rest' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'An age-encrypted file'"
complete -c hallpass -n "__fish_hallpass_using_subcommand move" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand move" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand move" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand move" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand move" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand move" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand rename" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand rename" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand rename" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand rename" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand rename" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand rename" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand rename" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -l to -d 'The other machine: what `hallpass import --recipient` prints there (`age1…`)' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -s o -l output -d 'Write it to a new file instead of stdout' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -l keep -d 'Keep it here too, though two copies of a rotating grant burn each other'
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -l as -d 'Give it this name instead of the one it had' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -l recipient -d 'Print whom to export to for this machine (`age1…`)'
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -f -a "git" -d 'git\'s credential helper: `get`, `store` and `erase`, as git calls it'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -f -a "docker" -d 'docker\'s credential helper, also by the name docker-credential-hallpass'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -f -a "kubectl" -d 'kubectl\'s credential plugin: an ExecCredential on stdout'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and not __fish_seen_subcommand_from git docker kubectl install" -f -a "install" -d 'Write a tool\'s own configuration so that it asks hallpass, after showing it'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from git" -l connection -d 'The connection to use; else git\'s user name may name it, or it is the definition\'s own' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from git" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from git" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from git" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from git" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from git" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from git" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from git" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from docker" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from docker" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from docker" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from docker" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from docker" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from docker" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from docker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from kubectl" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from kubectl" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from kubectl" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from kubectl" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from kubectl" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from kubectl" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from kubectl" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from install" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from install" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from install" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from install" -l yes -d 'Write it without asking'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from install" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from install" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand helper; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l json -d 'Print a JSON object'
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -l yes -d 'Trust it without asking'
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -l revoke -d 'Forget that it was trusted'
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -l list -d 'Print the files that are trusted, and change nothing'
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l port -d 'The port to listen on; 0 takes any free one' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l token-ttl -d 'How long access tokens live; 0s lets them be born expired' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l visit -d 'Play the person: open an authorization link and approve' -r
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l quirks -d 'Also play providers that differ from the standard, one quirk each'
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l print-config -d 'Print the definitions for a sandbox on this port, and end'
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l tour -d 'Show connect, token, request, renewal and disconnect, for real'
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -l config -d 'Use this definition file alone (or HALLPASS_CONFIG)' -r -F
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -l store -d 'Where new connections are kept (or HALLPASS_STORE)' -r -f -a "keychain\t'The operating system\'s keychain'
file\t'One age-encrypted file per connection'
none\t'Nowhere: nothing is kept'"
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -l color -d 'Colour on a terminal' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always'
never\t'Never'"
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -s v -l verbose -d 'Say what is done on stderr, without secrets; twice says more'
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -l quiet -d 'Say nothing but errors'
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -l no-input -d 'Never ask anything'
complete -c hallpass -n "__fish_hallpass_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
