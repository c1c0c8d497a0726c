# Cairn's shell integration for zsh 5.1 and newer: notes each finished command for Cairn, in memory only.
# Put in place by `cairn shell-integration install`; CAIRN_OFF=1 turns it off. What it keeps and why: docs/sources/shell.md.
# Builtins only; a process runs only where the private folder must be made. Works beside preexec, precmd and their arrays.

[[ -o interactive && -z ${__cairn_loaded-} ]] || return 0
zmodload zsh/datetime zsh/system zsh/parameter 2>/dev/null || return 0
autoload -Uz is-at-least add-zsh-hook
is-at-least 5.1 || return 0

typeset -g __cairn_loaded=1 __cairn_line='' __cairn_start='' __cairn_pwd='' __cairn_folder='' __cairn_id='' __cairn_pane=''
typeset -gi __cairn_refused=0 __cairn_count=0 __cairn_bytes=0

# The line as it was typed comes here even where it is kept out of the history, so the user's rules are asked again.
__cairn_preexec() {
  emulate -L zsh
  __cairn_line=''
  __cairn_start=$EPOCHREALTIME
  __cairn_pwd=$PWD
  [[ -n ${1-} && ${CAIRN_OFF:-0} == 0 ]] || return 0
  (( ! __cairn_refused )) || return 0
  [[ $1 != [[:space:]]* ]] || return 0
  # `emulate` has put the user's options aside; what counts is what was set when the line was read.
  if [[ $__cairn_options == *S* && ${aliases[${1%%[[:space:]]*}]-} == [[:space:]]* ]]; then return 0; fi
  if [[ $__cairn_options == *N* && $1 == (history|history\ *|fc\ *-l*) ]]; then return 0; fi
  if [[ $__cairn_options == *F* ]]; then
    local head=${1%%'()'*}
    [[ $1 != function[[:space:]]* && ( $head == "$1" || ${head% } == *[[:space:]\;\|\&]* ) ]] || return 0
  fi
  [[ $__cairn_options != *E* ]] || setopt extendedglob
  if [[ -n ${HISTORY_IGNORE-} && $1 == ${~HISTORY_IGNORE} ]]; then return 0; fi
  __cairn_line=$1
}

__cairn_precmd() {
  local __cairn_status=$?
  __cairn_note $__cairn_status 2>/dev/null || :
  return $__cairn_status
}

__cairn_note() {
  typeset -g __cairn_options=''
  [[ -o histignorespace ]] && __cairn_options+=S
  [[ -o histnostore ]] && __cairn_options+=N
  [[ -o histnofunctions ]] && __cairn_options+=F
  [[ -o extendedglob ]] && __cairn_options+=E
  emulate -L zsh
  local line=$__cairn_line name
  local -i ended=$(( EPOCHREALTIME * 1000 )) started
  __cairn_line=''
  if [[ -n $line ]] && __cairn_open; then
    started=$(( __cairn_start * 1000 ))
    __cairn_write $started $(( ended - started )) $1 "$line"
  fi
  # A zshaddhistory function that says no is heard: what it was is called from within.
  __cairn_refused=0
  for name in zshaddhistory $zshaddhistory_functions; do
    [[ -n ${functions[$name]-} && ${functions[$name]} != *__cairn_refused* ]] || continue
    autoload +X $name 2>/dev/null
    functions[__cairn_asks_$name]=$functions[$name]
    functions[$name]="__cairn_asks_$name \"\$@\" || { __cairn_refused=\$?; return \$__cairn_refused }"
  done
  return 0
}

# Appends one record. Fields end with a NUL.
__cairn_write() {
  local file=$__cairn_folder/$__cairn_id.log line=${4[1,16384]//$'\0'/}
  local -i fd
  [[ -d $__cairn_folder && -O $__cairn_folder && ! -L $__cairn_folder && ! -L $file ]] || return 1
  [[ ! -e $file || ( -f $file && -O $file ) ]] || return 1
  # Nobody takes in what is written: the newest is worth more than the oldest.
  (( __cairn_bytes < 131072 )) || : >| $file
  sysopen -a -o create,cloexec -m 600 -u fd -- $file || return 1
  {
    if [[ ! -s $file ]]; then
      builtin printf '\x1eH\0001\0zsh\0%s\0%s\0%s\0%s\0%s\0' $$ ${__cairn_id%%-*} "${TTY-}" "$__cairn_pane" "${HOME-}" >&$fd
      __cairn_bytes=0
    fi
    (( __cairn_count += 1, __cairn_bytes += 4 * $#line + $#__cairn_pwd + 64 ))
    builtin printf '\x1eC\0%s\0%s\0%s\0%s\0%s\0%s\0' $__cairn_count $1 $2 $3 "$__cairn_pwd" "$line" >&$fd
  } always {
    exec {fd}>&-
  }
}

# Finds the private folder in memory, once a shell.
__cairn_open() {
  [[ $__cairn_folder != - ]] || return 1
  [[ -z $__cairn_folder ]] || return 0
  local base parent
  local -a files
  local -i now=$(( EPOCHREALTIME * 1000000 ))
  __cairn_id=$now-$$
  __cairn_find_pane
  for base in ${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/cairn} /dev/shm/cairn-$EUID; do
    parent=${base:h}
    [[ $base == /* && -d $parent ]] || continue
    [[ $parent == /dev/shm || ( -O $parent && ! -L $parent ) ]] || continue
    __cairn_is_memory $parent || continue
    [[ -d $base ]] || command mkdir -m 700 -- $base
    [[ -O $base && ! -L $base ]] || continue
    [[ -d $base/shell ]] || command mkdir -m 700 -- $base/shell
    [[ -O $base/shell && ! -L $base/shell ]] || continue
    files=($base/shell/*(N))
    # So many shells have left something that nobody takes in.
    (( $#files < 400 )) || continue
    __cairn_folder=$base/shell
    return 0
  done
  __cairn_folder=-
  return 1
}

# True where the folder lies on a file system in memory: what is noted must never reach a disk.
__cairn_is_memory() {
  local device mount type rest best='' found=''
  while builtin read -r device mount type rest; do
    [[ $1/ == ${mount%/}/* ]] && (( $#mount >= $#best )) || continue
    best=$mount
    found=$type
  done </proc/self/mounts
  [[ $found == (tmpfs|ramfs) ]]
}

__cairn_find_pane() {
  if [[ -n ${TMUX-} && -n ${TMUX_PANE-} ]]; then
    __cairn_pane=tmux:${TMUX%%,*}:$TMUX_PANE
  elif [[ -n ${STY-} ]]; then
    __cairn_pane=screen:$STY:${WINDOW-}
  elif [[ -n ${ZELLIJ_PANE_ID-} ]]; then
    __cairn_pane=zellij:${ZELLIJ_SESSION_NAME-}:$ZELLIJ_PANE_ID
  elif [[ -n ${KITTY_WINDOW_ID-} ]]; then
    __cairn_pane=kitty:$KITTY_WINDOW_ID
  elif [[ -n ${WEZTERM_PANE-} ]]; then
    __cairn_pane=wezterm:$WEZTERM_PANE
  fi
}

typeset -g __cairn_options=''
add-zsh-hook preexec __cairn_preexec
# First, so that it sees the command's own exit code.
typeset -ga precmd_functions
precmd_functions=(__cairn_precmd $precmd_functions)

# With `cairn hooks install git`: Cairn is asked for a checkpoint before git throws work away. Only where `git` is the program itself.
typeset -g __cairn_before_git=${${(%):-%x}:h}/before-git
if [[ -x $__cairn_before_git && -O $__cairn_before_git ]] && (( $+commands[git] && ! $+functions[git] && ! $+aliases[git] )); then
  function git {
    if [[ ${CAIRN_OFF:-0} == 0 && -x $__cairn_before_git ]] && __cairn_find_risk "$@"; then
      "$__cairn_before_git" "$__cairn_risk" || :
    fi
    builtin command git "$@"
  }

  # True for a command after which changes are gone, or commits are in no branch.
  function __cairn_find_risk {
    emulate -L zsh
    while (( $# )); do
      case $1 in
        (-C|-c|--git-dir|--work-tree|--namespace) shift ;;
        (-*) ;;
        (*) break ;;
      esac
      (( $# )) && shift
    done
    typeset -g __cairn_risk=${1-}
    case $__cairn_risk in
      (rebase|reset|clean|restore|filter-branch) ;;
      (checkout) [[ " $* " == *' '(-f|--force|--|.)' '* ]] ;;
      (stash) [[ ${2-} == (drop|clear) ]] ;;
      (branch) [[ " $* " == *' -D '* ]] ;;
      (*) return 1 ;;
    esac
  }
fi
