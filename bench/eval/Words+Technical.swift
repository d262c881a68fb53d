/// The vocabulary of software teams.
///
/// Owns: invented project and service names, tools, failures, settings and code identifiers. Must never: describe a
/// real company's systems.

extension Words {
    static let projects = list(
        """
        Aardvark, Basilisk, Cormorant, Dragonfly, Egret, Falconet, Gazelle, Heron, Ibex, Jackdaw, Kudu, Lynx, Marmot,
        Nautilus, Ocelot, Pangolin, Quokka, Raccoon, Stoat, Tamarin, Urchin, Vulture, Wombat, Xerus, Yak, Zebu,
        Bluebell, Foxglove, Hemlock, Toadflax
        """)

    static let services = list(
        """
        billing gateway, ledger service, search indexer, image resizer, notification hub, session broker, tax engine,
        inventory sync, login portal, report builder, webhook relay, fraud scorer, email renderer, map tiler,
        pricing oracle, audit trail, coupon service, shipment tracker, feature flag store, media transcoder,
        identity mapper, quota keeper, export worker, calendar bridge, chat router, metrics collector, backup runner,
        invoice printer, translation proxy, catalogue crawler
        """)

    static let databases = list(
        """
        Postgres 16, SQLite, CockroachDB, MariaDB 11, FoundationDB, ClickHouse, DuckDB, Cassandra, RocksDB,
        TimescaleDB, ScyllaDB, Neo4j
        """)

    static let tools = list(
        """
        Bazel, Meson, Gradle, Terraform, Ansible, Pulumi, Nix, Podman, Buildkite, Renovate, Grafana, Vector, Envoy,
        HAProxy, Caddy, Valkey, NATS, RabbitMQ, Prometheus, Tempo, Sentry, Vault, Keycloak, Argo, Flux, Packer,
        Consul, ESLint, Ruff, SwiftLint, k6, Playwright
        """)

    static let languagesOfCode = list(
        "Swift, Rust, Go, Kotlin, Elixir, Python, TypeScript, Zig, OCaml, Scala, Clojure, Haskell")

    static let errors = list(
        """
        connection reset by peer, certificate has expired, too many open files, deadlock detected,
        disk quota exceeded, stack overflow, index out of range, invalid UTF-8 sequence, lock wait timeout,
        no route to host, permission denied, segmentation fault, broken pipe, checksum mismatch, clock skew too great,
        duplicate key violates constraint, unexpected end of input, out of memory, stale file handle,
        version conflict, unknown column, unresolved symbol, handshake failure, name not resolved,
        read-only file system, address already in use, header too large, token signature invalid
        """)

    static let causes = list(
        """
        a forgotten cron job, a full log partition, an unbounded retry loop, a wrong time zone in the scheduler,
        a missing index on the orders table, a certificate nobody renewed, a leaked connection pool,
        a bad default in the new chart, two workers sharing one lock file, a cache key without the tenant,
        an integer overflow in the page counter, a typo in the firewall rule, a race between deploy and migration,
        an old client sending empty bodies, a load balancer that kept dead nodes, a compiler upgrade,
        a config map mounted twice, a DNS record with a day-long lifetime, a backup that held the table lock,
        a feature switch left on after the demo
        """)

    static let settingNames = list(
        """
        max_connections, request_timeout_ms, cache_ttl_seconds, retry_limit, batch_size, worker_threads, queue_depth,
        heartbeat_interval_ms, log_retention_days, upload_limit_mb, page_size, idle_timeout_seconds, pool_min,
        snapshot_every, flush_interval_ms, rate_per_minute, shard_count, replica_count, backoff_base_ms,
        session_lifetime_minutes, compression_level, prefetch_count, vacuum_threshold, dedupe_window_seconds
        """)

    static let verbsOfCode = list(
        """
        parse, render, merge, encode, resolve, fetch, validate, flush, schedule, migrate, compact, replay, hash,
        split, normalize, throttle, rebalance, evict, sign, retry, decode, archive, reconcile, tokenize
        """)

    static let nounsOfCode = list(
        """
        Invoice, Session, Token, Manifest, Segment, Ledger, Header, Payload, Snapshot, Cursor, Batch, Shard, Tenant,
        Receipt, Bucket, Digest, Envelope, Quota, Lease, Watermark, Schema, Replica, Voucher, Waypoint
        """)

    static let extensionsOfCode = list("swift, rs, go, kt, ex, py, ts, zig, ml, scala")

    static let environments = list("staging, production, the sandbox, the canary ring, the disaster recovery site, QA")

    static let regions = list(
        "eu-north, eu-south, us-east, us-central, ap-south, ap-northeast, sa-east, af-south, me-central, ca-west")

    static let ticketPrefixes = list("PAY, OPS, WEB, CORE, DATA, INFRA, MOB, SEC, PLAT, UX, ETL, AUTH")

    static let formats = list(
        "JSON Lines, Parquet, Avro, CBOR, MessagePack, protobuf, CSV with tabs, YAML, TOML, Arrow, XML, plain text")

    static let patterns = list(
        """
        event sourcing, a modular monolith, the outbox pattern, blue-green deploys, a single-writer queue,
        row-level security, optimistic locking, server-side rendering, feature branches, trunk-based development,
        a shared nothing design, append-only tables, signed cookies, contract tests, a strangler facade,
        cell-based isolation, leader leases, consistent hashing
        """)

    static let reasons = list(
        """
        the team already knows it well, the licence is simpler, it halves the hosting bill, audits become easier,
        the old one lost data twice, support contracts end this year, it starts in under a second,
        the customer insisted on it, rollbacks take one click, it needs no extra server, tests run offline,
        the vendor closed its office, on-call nights became unbearable, it keeps personal data inside the region,
        nobody could explain the previous setup, it survived the load test
        """)

    static let metricsNames = list(
        "error rate, p99 latency, memory use, queue lag, disk usage, replication delay, restart count, cache hit rate")
}
