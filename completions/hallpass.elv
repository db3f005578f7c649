
use builtin;
use str;

set edit:completion:arg-completer[hallpass] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'hallpass'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'hallpass'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand check 'Validate the definitions: every problem at once, with its place and remedy'
            cand list 'Integrations and connections: state, account, expiry, scopes, where stored'
            cand connect 'Connect: consent in the browser once, use it from then on'
            cand status 'One connection in full, no secret shown; exits 4 when it is not connected'
            cand test 'Call the integration''s test endpoint: does the credential work, and whose is it'
            cand token 'Print a token that works now, renewed if need be'
            cand request 'Call the API with the credential added'
            cand disconnect 'Revoke a connection at the provider (RFC 7009), then forget it'
            cand move 'Move a connection to another store'
            cand rename 'Give a connection another name'
            cand export 'Seal a connection for another machine; one that is renewed is forgotten here'
            cand import 'Take in a connection that `hallpass export` sealed for this machine'
            cand doctor 'What is wrong here, and the command that mends it'
            cand trust 'Let a project file be used, after showing what it would do'
            cand sandbox 'A local OAuth provider and API, to try hallpass and to test scripts against'
            cand completions 'Print the completion script of a shell'
        }
        &'hallpass;check'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --json 'Print a JSON object with all problems and their places'
            cand --schema 'Print the JSON Schema of integrations.toml, for editors, and validate nothing'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;list'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --json 'Print a JSON array'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;connect'= {
            cand --param 'A parameter; secrets as NAME=@FILE, NAME=env:VARIABLE or NAME=- (stdin)'
            cand --scope 'A scope to ask for besides the definition''s'
            cand --timeout 'How long to wait for the consent [default: 5m]'
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --no-browser 'Only print the link, open nothing'
            cand --paste 'Take the address that the browser ends at from stdin: pasted, or piped in'
            cand --no-test 'Do not call the definition''s test path at the end'
            cand --force 'Replace a connection that was made for other origins'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;status'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --json 'Print a JSON object'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;test'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;token'= {
            cand --format 'The form to print it in'
            cand --min-ttl 'The life it must have at least; it is renewed for that if need be'
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --refresh 'Renew it, whatever life it has'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;request'= {
            cand --action 'Make one of the definition''s named requests'
            cand -X 'The method'
            cand --method 'The method'
            cand -H 'A header, as NAME: VALUE'
            cand --header 'A header, as NAME: VALUE'
            cand --query 'A query parameter, as NAME=VALUE'
            cand -d 'A form body; @FILE and @- (stdin) are read; several are joined by `&`'
            cand --data 'A form body; @FILE and @- (stdin) are read; several are joined by `&`'
            cand --data-binary 'A body sent as it is; @FILE and @- are streamed'
            cand --json 'A JSON body; @FILE and @- are read'
            cand -o 'Write the answer''s body to a file'
            cand --output 'Write the answer''s body to a file'
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand -i 'Print the answer''s status line and headers too'
            cand --include 'Print the answer''s status line and headers too'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;disconnect'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --all 'Every connection'
            cand --local 'Only forget: the tokens live on at the provider until they expire'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;move'= {
            cand --to 'Where it is to rest'
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;rename'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;export'= {
            cand --to 'The other machine: what `hallpass import --recipient` prints there (`age1…`)'
            cand -o 'Write it to a new file instead of stdout'
            cand --output 'Write it to a new file instead of stdout'
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --keep 'Keep it here too, though two copies of a rotating grant burn each other'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;import'= {
            cand --as 'Give it this name instead of the one it had'
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --recipient 'Print whom to export to for this machine (`age1…`)'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;doctor'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --json 'Print a JSON object'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;trust'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --yes 'Trust it without asking'
            cand --revoke 'Forget that it was trusted'
            cand --list 'Print the files that are trusted, and change nothing'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;sandbox'= {
            cand --port 'The port to listen on; 0 takes any free one'
            cand --token-ttl 'How long access tokens live; 0s lets them be born expired'
            cand --visit 'Play the person: open an authorization link and approve'
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand --quirks 'Also play providers that differ from the standard, one quirk each'
            cand --print-config 'Print the definitions for a sandbox on this port, and end'
            cand --tour 'Show connect, token, request, renewal and disconnect, for real'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hallpass;completions'= {
            cand --config 'Use this definition file alone (or HALLPASS_CONFIG)'
            cand --store 'Where new connections are kept (or HALLPASS_STORE)'
            cand --color 'Colour on a terminal'
            cand -v 'Say what is done on stderr, without secrets; twice says more'
            cand --verbose 'Say what is done on stderr, without secrets; twice says more'
            cand --quiet 'Say nothing but errors'
            cand --no-input 'Never ask anything'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
    ]
    $completions[$command]
}
