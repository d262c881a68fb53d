/// Facts about systems and decisions, as agents of software teams keep them.
///
/// Owns: the wording of these facts and their questions. Must never: use a word because a ranking likes
/// it.

extension Facts {
    /// `{place}` is the service, with its project's name or without.
    static let engineering: [FactKind] = [
        FactKind(
            "build", titles: ["Build command", "How to build", "Local setup"],
            statements: [
                "Build {place} with {tool} {version}: run `{function}.sh --release` in {path}; it takes {minutes}.",
                "To build {place}, use {tool} {version} and the script `{function}.sh` next to {path}. ({minutes})",
            ],
            questions: ["Which script builds {place}?", "How long does a build of {place} with {tool} take?"],
            wordy: ["what it is that one has to run before one can have a build of {place}"]),
        FactKind(
            "incident", titles: ["Incident {ticket}", "Postmortem", "Outage on {weekday}"],
            statements: [
                "Incident {ticket}: {place} was down for {minutes} because of {cause}. Found by {person}.",
                "Postmortem {ticket}. {Cause} took {place} down for {minutes}; {person} was on call.",
            ],
            questions: ["What was the cause of incident {ticket}?", "How long was {place} down during {ticket}?"],
            wordy: ["why it was that {place} was not there for all of us for so long that day"]),
        FactKind(
            "limit", titles: ["API limits", "Rate limit", "Quota"],
            statements: [
                "The API of {place} allows {value} requests per minute per key; beyond, it answers 429 for {minutes}.",
                "Rate limit of {place}: {value} requests per minute per key, then 429 for {minutes}.",
            ],
            questions: [
                "How many requests per minute does the API of {place} allow?", "What is the rate limit of {place}?",
            ],
            wordy: ["how much one may ask of {place} before it will have no more of it"]),
        FactKind(
            "setting", titles: ["{Setting}", "Configuration", "Tuning"],
            statements: [
                "In {environment}, {place} runs with {setting} = {value}, because {reason}.",
                "{Setting} of {place} is {value} in {environment}; do not change it, since {reason}.",
            ],
            questions: [
                "What is the value of {setting} for {place} in {environment}?",
                "To which value is {setting} of {place} set?",
            ],
            wordy: ["what it has to be for {setting} when it is about {place} over in {environment}"]),
        FactKind(
            "decision", titles: ["Decision record", "Architecture", "Why {pattern}"],
            statements: [
                "Decision: {place} uses {pattern} with {database}, because {reason}. Proposed by {person}.",
                "We decided on {pattern} for {place}, backed by {database}; {person} argued that {reason}.",
            ],
            questions: [
                "Why was {pattern} decided for {place}?", "Who proposed {pattern} for {place}?",
            ],
            wordy: ["why in the end it was to be {pattern} and not some other thing for {place}"]),
        FactKind(
            "port", titles: ["Ports and hosts", "Endpoints", "Where it listens"],
            statements: [
                "{Place} listens on port {port} at {address} in {region}; health checks go to /{function}.",
                "Address of {place} in {region}: {address}, port {port}, health endpoint /{function}.",
            ],
            questions: ["On which port does {place} listen?", "Which health endpoint has {place}?"],
            wordy: ["where one can get at {place} from the inside, I mean under which numbers"]),
        FactKind(
            "owner", titles: ["Ownership", "Who to ask", "Maintainers"],
            statements: [
                "{Person} maintains {place}; {person2} is the deputy, pages go to {phone}.",
                "Maintainer of {place}: {person}, deputy {person2}, pager {phone}.",
            ],
            questions: ["Who maintains {place}?", "Who is the deputy maintainer of {place}?"],
            wordy: ["who it is that one should go to first with all that has to do with {place}"]),
        FactKind(
            "bug", titles: ["{Ticket}", "Bug in {function}", "Fix merged"],
            statements: [
                "Bug {ticket}: {function} in {path} returned \"{error}\"; fixed in {version} with commit {commit}.",
                "{Ticket} fixed: {function} ({path}) does not fail with \"{error}\" since {version}, commit {commit}.",
            ],
            questions: [
                "In which version was {ticket} fixed?", "Which function caused bug {ticket}?",
                "Which commit fixed {function}?",
            ],
            wordy: ["from which one on it was that {function} did no longer do what it should not"]),
        FactKind(
            "deploy", titles: ["Release {version}", "Deploy notes", "Rollout"],
            statements: [
                "Release {version} of {place} went to {environment} on {date}; rollback needs {tool} and {minutes}.",
                "{Place} {version} is in {environment} since {date}. Rollback with {tool} takes {minutes}.",
            ],
            questions: [
                "Which release of {place} went to {environment} on {date}?",
                "When did {version} of {place} reach {environment}?",
            ],
            wordy: ["which one of them all it is that {place} is on now over in {environment}"]),
        FactKind(
            "error", titles: ["{ErrorCode}", "Troubleshooting", "Known error"],
            statements: [
                "Error {errorCode} from {place} means \"{error}\". The remedy: restart after raising {setting}.",
                "When {place} logs {errorCode} (\"{error}\"), raise {setting} and restart.",
            ],
            questions: ["What does error {errorCode} mean?", "Which setting helps against {errorCode}?"],
            wordy: ["what one is to do about it when all that {place} will say is {errorCode}"]),
        FactKind(
            "format", titles: ["Data format", "Export", "Interface with {company}"],
            statements: [
                "{Place} exports to {company} as {format}, every {weekday} at {time}, signed with key {commit}.",
                "The export of {place} for {company}: {format}, {weekday} {time}, signing key {commit}.",
            ],
            questions: [
                "In which format does {place} export to {company}?", "When does {place} export to {company}?",
            ],
            wordy: ["in what way it is that all of it has to be put so {company} can have it from {place}"]),
        FactKind(
            "convention", titles: ["Code style", "Review rules", "Conventions"],
            statements: [
                "In {place} all new code is {codeLanguage}; reviews need {small} approvals and {tool} must pass.",
                "Rules for {place}: {codeLanguage} only, {small} approvals per review, {tool} without warnings.",
            ],
            questions: ["How many approvals does a review in {place} need?", "Which tool must pass in {place}?"],
            wordy: ["what one may and may not do when there is some new code for {place}"]),
        FactKind(
            "alert", titles: ["Alerting", "Dashboard", "Thresholds"],
            statements: [
                "An alert fires when the {metric} of {place} exceeds {percent} for {minutes}; it goes to {person}.",
                "Alert on {place}: {metric} above {percent} during {minutes}, then {person} is paged.",
            ],
            questions: [
                "At which {metric} of {place} does the alert fire?", "Who gets the {metric} alert of {place}?",
            ],
            wordy: ["how far it may go with the {metric} of {place} before somebody is to be up for it"]),
        FactKind(
            "backup", titles: ["Backups", "Restore test", "Retention"],
            statements: [
                "Backups of {place} run at {time}, stay {days} and live in {region}; restore took {minutes} last time.",
                "{Place}: backup {time}, kept {days} in {region}, restore measured at {minutes}.",
            ],
            questions: ["How many days do backups of {place} stay?", "How long does restoring {place} take?"],
            wordy: ["for how long it is that all of what {place} had is still there if one must have it back"]),
        FactKind(
            "customer", titles: ["Customer {company}", "Contract", "Agreement"],
            statements: [
                "{Company} pays {amount} a year for {place}, contract {reference}, contact {person}.",
                "Contract {reference}: {company} gets {place} for {amount} yearly; {person} is the contact.",
            ],
            questions: [
                "How much does {company} pay a year for {place}?", "Who is the contact at {company}?",
            ],
            wordy: ["who it is over at {company} that we are to get in touch with about {place}"]),
        FactKind(
            "dependency", titles: ["Dependency pinned", "Upgrade blocked", "Versions"],
            statements: [
                "{Place} pins {tool} to {version}: newer ones fail with \"{error}\" ({ticket}).",
                "{Tool} stays at {version} in {place} until {ticket} is solved; later versions fail with \"{error}\".",
            ],
            questions: [
                "To which version does {place} pin {tool}?", "Why is {tool} pinned in {place}?",
            ],
            wordy: ["why it is that {place} can not have a newer {tool} like all of the others"]),
    ]
}
