export const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

// All of them ask "kvmnet __complete" with the words so far; it answers with a word, a tab and an explanation on each
// line. ":files" stands for the shell's own completion of file names.

const bash = String.raw`# bash completion of kvmnet
_kvmnet() {
  local line=\${COMP_LINE:0:COMP_POINT} cur word about
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  cur=\${words[\${#words[@]}-1]}
  COMPREPLY=()
  while IFS=$'\t' read -r word about; do
    if [[ $word == :files ]]; then
      compopt -o default 2>/dev/null
    elif [[ $word == "$cur"* ]]; then
      COMPREPLY+=("$word")
    fi
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
  # Readline takes what is behind the last of these for the word: "kvm:edge" has to be completed from "edge" on.
  local behind=\${cur##*[:=@]}
  local head=\${cur%"$behind"}
  if [[ -n $head && $COMP_WORDBREAKS == *[:=@]* ]]; then
    COMPREPLY=("\${COMPREPLY[@]#"$head"}")
  fi
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _kvmnet kvmnet
`.replaceAll('\\$', '$');

const zsh = String.raw`#compdef kvmnet
_kvmnet() {
  local -a found
  local word about files=0
  while IFS=$'\t' read -r word about; do
    if [[ $word == :files ]]; then
      files=1
    else
      found+=("\${word//:/\\:}\${about:+:$about}")
    fi
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#found} )) && _describe kvmnet found
  (( files )) && _files
}
if [[ $funcstack[1] == _kvmnet ]]; then _kvmnet "$@"; else compdef _kvmnet kvmnet; fi
`.replaceAll('\\$', '$');

const fish = `# fish completion of kvmnet
function __kvmnet_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        if string match -q ':files*' -- $line
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c kvmnet -f -a '(__kvmnet_complete)'
`;

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
