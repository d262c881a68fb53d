# The rules of the house for Swift files, as far as they can be seen line by line. Called by scripts/tidy.
# Prints one line per finding: rule <tab> file:line <tab> what is wrong.

function report(rule, line, message) { printf "%s\t%s:%d\t%s\n", rule, file, line, message }

# The line without its string contents and comments, so that rules look at code only. Multi-line strings are followed.
function codeOf(text,    result, place) {
    if (inText) {
        place = index(text, "\"\"\"")
        if (!place) return ""
        inText = 0
        text = substr(text, place + 3)
    }
    # Regular-expression order: complete strings first, so that // inside one is no comment.
    # Raw strings keep their quotes and braces to themselves.
    gsub(/#"([^"]|"[^#])*"#/, "\"\"", text)
    gsub(/\\\\/, "", text)
    gsub(/\\"/, "", text)
    while ((place = index(text, "\"\"\"")) > 0) {
        result = substr(text, place + 3)
        if (index(result, "\"\"\"")) { sub(/""".*"""/, "\"\"", text); continue }
        # A comment may mention the three quotes.
        if (match(text, /\/\//) && RSTART < place) break
        inText = 1
        text = substr(text, 1, place - 1) "\"\""
        break
    }
    gsub(/"[^"]*"/, "\"\"", text)
    sub(/\/\/.*$/, "", text)
    return text
}

function commented(text) { return text ~ /\/\// || previous ~ /^[ \t]*\/\// }

function endFile() {
    if (file == "") return
    if (lines > 400 && !excused && file != "Package.swift") report("file-length", lines, lines " lines; at most 400, or a first comment that says \"Longer than 400 lines because\"")
    if (unproven) report("unchecked", unproven, "@unchecked Sendable and nonisolated(unsafe) need a comment beside them that proves them")
    if (depth != 0) report("braces", lines, "braces do not pair up for this checker (depth " depth ")")
}

FNR == 1 {
    endFile()
    file = FILENAME
    sub(/^\.\//, "", file)
    lines = 0; depth = 0; inText = 0; excused = 0; functions = 0; unproven = 0; hashesExcused = 0; pending = 0; previous = ""; inHead = 1
    isTest = file ~ /^Tests\//
    isCore = file ~ /^Sources\/Raft\/Core\//
    isApply = file ~ /^Sources\/StateMachine\/Apply\//
    functionLimit = isTest ? 80 : 60
    headSeen = 0
}

{
    lines = FNR
    raw = $0
    code = codeOf(raw)

    # Imports may stand above the opening comment.
    if (!headSeen && raw !~ /^(@[A-Za-z_]+ )?import |^$/) {
        headSeen = 1
        if (raw !~ /^\/\//) report("file-comment", FNR, "a file opens with a comment: what it owns and what it must never do")
    }
    if (inHead && raw !~ /^\/\//) inHead = 0
    if (inHead && raw ~ /Longer than 400 lines because/) excused = 1
    if (length(raw) > 120) {
        # Bytes are counted by some awks; a line that is long only in bytes is fine.
        plain = raw
        gsub(/[\200-\277]/, "", plain)
        if (length(plain) > 125) report("line-length", FNR, "more than 120 characters, with 5 of grace for comments")
    }
    if (raw ~ /(^|[^A-Za-z])(TODO|FIXME|XXX|HACK)([^A-Za-z]|$)/) report("marker", FNR, "leftover marker")

    if (code ~ /(^|[^A-Za-z0-9_])try!/) report("try-bang", FNR, "try! turns an error into a crash without words")
    if (code ~ /(^|[^A-Za-z0-9_])try\?/ && !commented(raw)) report("try-question", FNR, "try? without a comment that says why the error may be dropped")
    if (code ~ /(^|[^A-Za-z_.])(usleep|nanosleep|sleep)\(/ || code ~ /Thread\.sleep/)
        report("sleep", FNR, "wait for the event with a deadline instead of sleeping")
    if (code ~ /(fatalError|preconditionFailure|assertionFailure)\(\)/) report("silent-crash", FNR, "a crash says why")
    if (code ~ /(^|[^A-Za-z])precondition\(.*\)[ \t]*$/ && code !~ /"/) report("silent-crash", FNR, "precondition without a message")
    # The proof stands directly above, beside, or as the first line of the body.
    if (unproven && raw !~ /^[ \t]*\/\//) report("unchecked", unproven, "@unchecked Sendable and nonisolated(unsafe) need a comment beside them that proves them")
    unproven = code ~ /(@unchecked Sendable|nonisolated\(unsafe\))/ && !commented(raw) ? FNR : 0
    if (code ~ /(-Ounchecked|unsafeFlags)/ || raw ~ /"-Ounchecked"/) report("build-flags", FNR, "-Ounchecked and unsafeFlags are banned")

    if (isCore && code ~ /^[ \t]*(@[A-Za-z_]+ )?(public |internal |private |package )?import /)
        report("core-import", FNR, "the core imports nothing: no I/O, no Foundation")
    # One comment that says why ("only looked up, never iterated") covers the declarations right below it.
    hashes = isCore && code ~ /(Set<|Dictionary<|\[[A-Z][A-Za-z]*: ?\[?[A-Z])/
    if (hashes && !commented(raw) && !hashesExcused) report("core-hashing", FNR, "hash order differs per process: no Set or Dictionary in the core, unless a comment says why it does no harm")
    hashesExcused = hashes && (commented(raw) || hashesExcused)
    if (isCore && code ~ /(^|[^A-Za-z])assert\(/) report("core-assert", FNR, "safety invariants use precondition, which stays in optimised builds")
    if ((isCore || isApply) && code ~ /(^|[^A-Za-z])(Date\(|Date\.now|UUID\(|ContinuousClock|SuspendingClock|SystemRandomNumberGenerator|clock_gettime|gettimeofday|time\(nil\)|arc4random|DispatchTime|NIODeadline)/)
        report("impure", FNR, "time and chance come in as input here")
    if ((isCore || isApply) && code ~ /(\.random\(|\.shuffled?\(|\.randomElement\()/ && code !~ /using:/)
        report("impure", FNR, "randomness comes from an injected generator here")

    if (file ~ /^Sources\/Raft\// && code ~ /import (StateMachine|Server|Client|Operations|CSQLite|JSON|Hummingbird)/)
        report("room", FNR, "consensus knows entries as bytes only")
    if (file ~ /^Sources\/StateMachine\// && code ~ /import (Raft|RaftCore|RaftTCP|Server|Client|Operations|NIO|Hummingbird)/)
        report("room", FNR, "the store knows neither consensus nor network")
    if (file ~ /^Sources\/(Client|Operations)\// && code ~ /import (Raft|RaftCore|RaftTCP|Server|StateMachine|CSQLite)$/)
        report("room", FNR, "a client knows the public API only")

    # Length of functions: from the line of the opening brace to the line of the closing one.
    if (code ~ /(^|[ \t])(func [^ ]|init[?]?[<(]|deinit([ \t]|$))/ && code !~ /(self|super)\.init/ && code !~ /[.=][ \t]*init\(/) {
        pending = FNR
        pendingDepth = depth
    }
    opened = gsub(/\{/, "{", code)
    closed = gsub(/\}/, "}", code)
    if (pending && opened > closed) {
        functions++
        startOf[functions] = FNR
        depthOf[functions] = pendingDepth
        pending = 0
    } else if (pending && opened > 0) {
        pending = 0
    }
    depth += opened - closed
    while (functions > 0 && depth <= depthOf[functions]) {
        count = FNR - startOf[functions] - 1
        if (count > functionLimit) report("function-length", startOf[functions], count " lines; at most " functionLimit)
        functions--
    }
    previous = raw
}

END { endFile() }
