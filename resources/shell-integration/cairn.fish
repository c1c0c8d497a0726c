# Cairn's shell integration for fish 3.6 and newer: notes each finished command for Cairn, in memory only.
# Written by `cairn shell-integration install`; `cairn shell-integration uninstall` removes this file, CAIRN_OFF=1 turns it off.
# What it keeps and why: docs/sources/shell.md. Builtins only; processes run once a shell, before its first note.

status is-interactive; and not functions -q __cairn_postexec; or exit 0
# Tells the time without a process; older fish has no such builtin.
path mtime / >/dev/null 2>&1; or exit 0

set -g __cairn_folder ''
set -g __cairn_count 0
# An element for about 250 characters that were written: their number is asked for without a substitution, which would cost more.
set -g __cairn_weight
set -g __cairn_pwd $PWD
set -g __cairn_started ''

function __cairn_preexec --on-event fish_preexec
    set -g __cairn_pwd $PWD
    set -g __cairn_started ''
    if set -q __cairn_scratch; and test -f $__cairn_scratch -a ! -L $__cairn_scratch
        echo >$__cairn_scratch 2>/dev/null
        set -g __cairn_started (path mtime $__cairn_scratch)
    end
end

function __cairn_postexec --on-event fish_postexec
    set -l code $status
    set -l duration $CMD_DURATION
    __cairn_note $code "$duration" "$argv[1]" 2>/dev/null
    return $code
end

function __cairn_note --argument-names code duration line
    test -n "$line"; or return
    test -z "$CAIRN_OFF"; or test "$CAIRN_OFF" = 0; or return
    # What fish keeps out of its history: private mode, no history, a leading blank, and the user's own function (fish 4).
    test -z "$fish_private_mode"; or return
    set -q fish_history; and test -z "$fish_history"; and return
    string match -qr '^\s' -- $line; and return
    if functions -q fish_should_add_to_history
        fish_should_add_to_history $line; or return
    end
    __cairn_open; or return
    set -l file $__cairn_folder/$__cairn_id.log
    test -d $__cairn_folder -a -O $__cairn_folder -a ! -L $__cairn_folder -a ! -L $file; or return
    if test -e $file
        test -f $file -a -O $file; or return
    end
    # When a shell's first command began, there was no place to ask yet.
    test -n "$__cairn_started"; or set -g __cairn_started (math -s0 (path mtime $__cairn_scratch) - 0$duration / 1000)
    # Nobody takes in what is written: the newest is worth more than the oldest.
    if set -q __cairn_weight[400]
        echo -n >$file
    end
    if not test -s $file
        set -l mask (umask)
        umask 077
        printf '\x1eH\0001\0fish\0%s\0%s\0%s\0%s\0%s\0' $fish_pid (string split -f 1 -- - $__cairn_id) "$__cairn_tty" "$__cairn_pane" "$HOME" >>$file
        umask $mask
        set -g __cairn_weight
    end
    set -g __cairn_count (math $__cairn_count + 1)
    set -ga __cairn_weight .
    if string match -qr '^(?s:.){500}' -- $line
        set -ga __cairn_weight . . . . . . . . .
        string match -qr '^(?s:.){4000}' -- $line; and set -ga __cairn_weight . . . . . . . . . . . . . . . . . . . .
    end
    printf '\x1eC\0%s\0%s\0%s\0%s\0%s\0%s\0' $__cairn_count "$__cairn_started"000 "0$duration" $code $__cairn_pwd $line >>$file
end

# Finds the private folder in memory, once a shell.
function __cairn_open
    test "$__cairn_folder" != -; or return 1
    test -z "$__cairn_folder"; or return 0
    set -l uid (command id -u)
    for base in $XDG_RUNTIME_DIR/cairn /dev/shm/cairn-$uid
        set -l parent (path dirname $base)
        string match -q '/*' -- $base; and test -d $parent; or continue
        if test $parent != /dev/shm
            test -O $parent -a ! -L $parent; or continue
        end
        __cairn_is_memory $parent; or continue
        for folder in $base $base/shell
            test -d $folder; or command mkdir -m 700 -- $folder
        end
        test -O $base -a ! -L $base -a -O $base/shell -a ! -L $base/shell; or continue
        # So many shells have left something that nobody takes in.
        set -l files $base/shell/*
        test (count $files) -lt 400; or continue
        # Microseconds, where this `date` knows them: shells of one second stay in their order.
        set -l now (date +%s%6N)
        string match -qr '^\d{16}$' -- $now; or set now (date +%s)000000
        # `exec fish` has the same number and, within a second, the same time.
        while test -e $base/shell/.$now-$fish_pid.scratch
            set now (math $now + 1)
        end
        set -g __cairn_id $now-$fish_pid
        set -g __cairn_scratch $base/shell/.$__cairn_id.scratch
        set -l mask (umask)
        umask 077
        echo >$__cairn_scratch
        umask $mask
        set -g __cairn_tty (command tty)
        set -g __cairn_pane (__cairn_find_pane)
        set -g __cairn_folder $base/shell
        return 0
    end
    set -g __cairn_folder -
    return 1
end

# True where the folder lies on a file system in memory: what is noted must never reach a disk.
function __cairn_is_memory --argument-names folder
    set -l best ''
    set -l found ''
    while read -l -d ' ' device mount type rest
        string match -q -- (string trim -r -c / -- $mount)'/*' $folder/; or continue
        test (string length -- $mount) -ge (string length -- "$best"); or continue
        set best $mount
        set found $type
    end </proc/self/mounts
    contains -- "$found" tmpfs ramfs
end

function __cairn_find_pane
    if test -n "$TMUX" -a -n "$TMUX_PANE"
        echo tmux:(string split -f 1 , -- $TMUX):$TMUX_PANE
    else if test -n "$STY"
        echo screen:$STY:$WINDOW
    else if test -n "$ZELLIJ_PANE_ID"
        echo zellij:$ZELLIJ_SESSION_NAME:$ZELLIJ_PANE_ID
    else if test -n "$KITTY_WINDOW_ID"
        echo kitty:$KITTY_WINDOW_ID
    else if test -n "$WEZTERM_PANE"
        echo wezterm:$WEZTERM_PANE
    end
end

# With `cairn hooks install git`: Cairn is asked for a checkpoint before git throws work away. Only where `git` is the program itself.
# The installer puts the data folder in.
set -g __cairn_before_git '@folder@'/before-git
if test -x $__cairn_before_git -a -O $__cairn_before_git; and not functions -q git
    function git --wraps git
        if test "$CAIRN_OFF" = 0 -o -z "$CAIRN_OFF"; and test -x $__cairn_before_git; and __cairn_find_risk $argv
            $__cairn_before_git $__cairn_risk
        end
        command git $argv
    end

    # True for a command after which changes are gone, or commits are in no branch.
    function __cairn_find_risk
        while set -q argv[1]
            switch $argv[1]
                case -C -c --git-dir --work-tree --namespace
                    set -e argv[1]
                case '-*'
                case '*'
                    break
            end
            set -e argv[1]
        end
        set -q argv[1]; or return 1
        set -g __cairn_risk $argv[1]
        switch $__cairn_risk
            case rebase reset clean restore filter-branch
                return 0
            case checkout
                contains -- -f $argv; or contains -- --force $argv; or contains -- -- $argv; or contains -- . $argv
            case stash
                contains -- "$argv[2]" drop clear
            case branch
                contains -- -D $argv
            case '*'
                return 1
        end
    end
end
