# What jq has and jaq leaves to its own command.
def @csv: [.[] |
    if isstring then "\"" + gsub("\""; "\"\"") + "\""
  elif . == null then ""
  elif . >= [] then error("a row of @csv holds an array or an object")
  else tostring end] | join(",");
def @tsv: [.[] |
    if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r")
  elif . == null then ""
  elif . >= [] then error("a row of @tsv holds an array or an object")
  else tostring end] | join("\t");
def toarray: if . >= [] and . < {} then . else [.] end;
def trimstr($s): ltrimstr($s) | rtrimstr($s);
def IN(s): any(s == .; .);
def IN(src; s): any(src == s; .);
def INDEX(stream; f): reduce stream as $row ({}; .[$row | f | tostring] |= $row);
def INDEX(f): INDEX(.[]; f);
