# Cairn's shell integration for bash 4.4 and newer: notes each finished command for Cairn, in memory only.
# Put in place by `cairn shell-integration install`; CAIRN_OFF=1 turns it off. What it keeps and why: docs/sources/shell.md.
# Builtins only at a prompt; a process runs once a shell, before its first note. Works beside PROMPT_COMMAND, PS0, DEBUG traps and
# bash-preexec: it takes none of them for itself.

[[ $- == *i* && -z ${__cairn_loaded-} ]] || return 0
((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) || return 0
# History cannot be asked for its times where this cannot be set for one command.
[[ ${HISTTIMEFORMAT+${HISTTIMEFORMAT@a}} != *r* ]] || return 0

__cairn_loaded=1
__cairn_none=''
__cairn_start=''
__cairn_mark_number=0
__cairn_mark_time=0
__cairn_pwd=$PWD
__cairn_count=0
__cairn_bytes=0
# Empty: not looked for yet. `-`: there is no place to write to.
__cairn_folder=''
__cairn_id=''
__cairn_tty=''
__cairn_pane=''

# PS0 is expanded once a line has been read and before it runs: the one place that tells when a command began without a DEBUG trap.
if ((BASH_VERSINFO[0] >= 5)); then
  __cairn_ps0='${__cairn_none:$((__cairn_start=${EPOCHREALTIME//[^0-9]/},0)):0}'
else
  __cairn_ps0='${__cairn_none:$((__cairn_start=\D{%s}000000,0)):0}'
fi

__cairn_precmd() {
  local status=$?
  __cairn_note "$status" 2>/dev/null || :
  return "$status"
}

__cairn_note() {
  local status=$1 start=$__cairn_start now_us now number line stamp
  __cairn_start=''
  if ((BASH_VERSINFO[0] >= 5)); then
    now_us=${EPOCHREALTIME//[^0-9]/}
    now=$((now_us / 1000000))
  else
    builtin printf -v now '%(%s)T' -1
    now_us=${now}000000
  fi
  number=${HISTCMD:-0}
  if [[ -n $start && ${CAIRN_OFF:-0} == 0 ]] && __cairn_open; then
    # What the user's own rules (HISTCONTROL, HISTIGNORE) keep out of the history never comes to this: it is not the last entry. The
    # clock that stamps entries may be a tick behind, and with it a second.
    if HISTTIMEFORMAT='%s ' builtin history 1 >|"$__cairn_scratch"; then
      IFS= builtin read -r -d '' line <"$__cairn_scratch" || :
      : >|"$__cairn_scratch"
      line=${line#"${line%%[0-9]*}"}
      line=${line#"${line%%[^0-9]*}"}
      line=${line:2}
      stamp=${line%% *}
      line=${line#* }
      line=${line%$'\n'}
      [[ $stamp == *[^0-9]* ]] && stamp=''
      if [[ -n $stamp && -n $line && $line != [[:space:]]* ]] &&
        ((stamp > __cairn_mark_time || (stamp >= __cairn_mark_time - 1 && number > __cairn_mark_number))); then
        __cairn_write "$((start / 1000))" "$(((now_us - start) / 1000))" "$status" "$line" || :
      fi
    fi
  fi
  __cairn_mark_number=$number
  __cairn_mark_time=$now
  __cairn_pwd=$PWD
  if ! shopt -q promptvars; then
    PS0=${PS0-}
    PS0=${PS0//"$__cairn_ps0"/}
  elif [[ ${PS0-} != *"$__cairn_ps0"* ]]; then
    PS0=${PS0-}$__cairn_ps0
  fi
}

# Appends one record. Fields end with a NUL, which no command can hold.
__cairn_write() {
  local file=$__cairn_folder/$__cairn_id.log line=${4:0:16384} mask
  [[ -d $__cairn_folder && -O $__cairn_folder && ! -L $__cairn_folder ]] || return 1
  [[ ! -e $file && ! -L $file ]] || [[ -f $file && -O $file && ! -L $file ]] || return 1
  # Nobody takes in what is written: the newest is worth more than the oldest.
  ((__cairn_bytes < 131072)) || : >|"$file"
  if [[ ! -s $file ]]; then
    builtin umask >|"$__cairn_scratch"
    builtin read -r mask <"$__cairn_scratch"
    builtin umask 077
    builtin printf '\x1eH\0001\0bash\0%s\0%s\0%s\0%s\0%s\0' "$$" "${__cairn_id%%-*}" "$__cairn_tty" "$__cairn_pane" "${HOME-}" >>"$file"
    builtin umask "$mask"
    : >|"$__cairn_scratch"
    __cairn_bytes=0
  fi
  __cairn_count=$((__cairn_count + 1))
  __cairn_bytes=$((__cairn_bytes + 4 * ${#line} + ${#__cairn_pwd} + 64))
  builtin printf '\x1eC\0%s\0%s\0%s\0%s\0%s\0%s\0' "$__cairn_count" "$1" "$2" "$3" "$__cairn_pwd" "$line" >>"$file"
}

# Finds the private folder in memory, once a shell.
__cairn_open() {
  [[ $__cairn_folder != - ]] || return 1
  if [[ -n $__cairn_folder ]]; then
    [[ -f $__cairn_scratch && -O $__cairn_scratch && ! -L $__cairn_scratch ]]
    return
  fi
  local base parent now=${EPOCHREALTIME-}
  now=${now//[^0-9]/}
  [[ -n $now ]] || builtin printf -v now '%(%s)T000000' -1
  __cairn_pane=$(__cairn_find_pane)
  for base in "${XDG_RUNTIME_DIR:+$XDG_RUNTIME_DIR/cairn}" "/dev/shm/cairn-$EUID"; do
    parent=${base%/*}
    [[ $base == /* && -d $parent ]] || continue
    [[ $parent == /dev/shm || (-O $parent && ! -L $parent) ]] || continue
    __cairn_is_memory "$parent" || continue
    # `exec bash` has the same number, and where only seconds are told the same time.
    while [[ -e $base/shell/.$now-$$.scratch ]]; do now=$((now + 1)); done
    __cairn_id=$now-$$
    __cairn_scratch=$base/shell/.$__cairn_id.scratch
    (
      umask 077
      set +eu
      [[ -d $base ]] || command mkdir -m 700 -- "$base"
      [[ -O $base && ! -L $base ]] || exit 1
      [[ -d $base/shell ]] || command mkdir -m 700 -- "$base/shell"
      [[ -O $base/shell && ! -L $base/shell ]] || exit 1
      shopt -u failglob
      shopt -s nullglob
      set +f
      files=("$base/shell/"*)
      # So many shells have left something that nobody takes in.
      ((${#files[@]} < 400)) || exit 1
      command tty >|"$__cairn_scratch" || : >|"$__cairn_scratch"
    ) || continue
    __cairn_folder=$base/shell
    IFS= builtin read -r __cairn_tty <"$__cairn_scratch" || __cairn_tty=''
    : >|"$__cairn_scratch"
    return 0
  done
  __cairn_folder=-
  return 1
}

# True where the folder lies on a file system in memory: what is noted must never reach a disk.
__cairn_is_memory() {
  local mount type best='' found=''
  while builtin read -r _ mount type _; do
    [[ $1/ == "${mount%/}"/* && ${#mount} -ge ${#best} ]] || continue
    best=$mount
    found=$type
  done </proc/self/mounts
  [[ $found == tmpfs || $found == ramfs ]]
}

__cairn_find_pane() {
  if [[ -n ${TMUX-} && -n ${TMUX_PANE-} ]]; then
    builtin printf 'tmux:%s:%s' "${TMUX%%,*}" "$TMUX_PANE"
  elif [[ -n ${STY-} ]]; then
    builtin printf 'screen:%s:%s' "$STY" "${WINDOW-}"
  elif [[ -n ${ZELLIJ_PANE_ID-} ]]; then
    builtin printf 'zellij:%s:%s' "${ZELLIJ_SESSION_NAME-}" "$ZELLIJ_PANE_ID"
  elif [[ -n ${KITTY_WINDOW_ID-} ]]; then
    builtin printf 'kitty:%s' "$KITTY_WINDOW_ID"
  elif [[ -n ${WEZTERM_PANE-} ]]; then
    builtin printf 'wezterm:%s' "$WEZTERM_PANE"
  fi
}

# First, so that it sees the command's own exit code; from bash 5.1 on every entry of the array is given it unchanged.
if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
  PROMPT_COMMAND=(__cairn_precmd ${PROMPT_COMMAND[@]+"${PROMPT_COMMAND[@]}"})
else
  PROMPT_COMMAND=__cairn_precmd${PROMPT_COMMAND:+$'\n'$PROMPT_COMMAND}
fi

# With `cairn hooks install git`: Cairn is asked for a checkpoint before git throws work away. Only where `git` is the program itself.
__cairn_before_git=${BASH_SOURCE[0]%/*}/before-git
if [[ -x $__cairn_before_git && -O $__cairn_before_git && $(builtin type -t git) == file ]]; then
  git() {
    if [[ ${CAIRN_OFF:-0} == 0 && -x $__cairn_before_git ]] && __cairn_find_risk "$@"; then
      "$__cairn_before_git" "$__cairn_risk" || :
    fi
    builtin command git "$@"
  }

  # True for a command after which changes are gone, or commits are in no branch.
  __cairn_find_risk() {
    while (($#)); do
      case $1 in
        -C | -c | --git-dir | --work-tree | --namespace) shift ;;
        -*) ;;
        *) break ;;
      esac
      shift $(($# > 0))
    done
    __cairn_risk=${1-}
    case $__cairn_risk in
      rebase | reset | clean | restore | filter-branch) ;;
      checkout) [[ " $* " == *' '@(-f|--force|--|.)' '* ]] ;;
      stash) [[ ${2-} == @(drop|clear) ]] ;;
      branch) [[ " $* " == *' -D '* ]] ;;
      *) return 1 ;;
    esac
  }
fi
