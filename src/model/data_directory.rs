//! Where programs keep the data that must last.

/// Where databases, queues and stores of keys keep their files, whatever the image; and what they are.
const DATA_DIRECTORIES: &[(&str, &str)] = &[
    ("/bitnami/cassandra", "Cassandra"),
    ("/bitnami/etcd", "etcd"),
    ("/bitnami/kafka", "Kafka"),
    ("/bitnami/mariadb", "MariaDB"),
    ("/bitnami/minio", "MinIO"),
    ("/bitnami/mongodb", "MongoDB"),
    ("/bitnami/mysql", "MySQL"),
    ("/bitnami/openldap", "OpenLDAP"),
    ("/bitnami/postgresql", "PostgreSQL"),
    ("/bitnami/rabbitmq", "RabbitMQ"),
    ("/bitnami/zookeeper", "ZooKeeper"),
    ("/cockroach/cockroach-data", "CockroachDB"),
    ("/consul/data", "Consul"),
    ("/data/db", "MongoDB"),
    ("/home/postgres/pgdata", "PostgreSQL"),
    ("/opt/couchbase/var", "Couchbase"),
    ("/opt/couchdb/data", "CouchDB"),
    ("/opt/oracle/oradata", "Oracle Database"),
    ("/qdrant/storage", "Qdrant"),
    ("/usr/share/elasticsearch/data", "Elasticsearch"),
    ("/usr/share/opensearch/data", "OpenSearch"),
    ("/var/lib/arangodb3", "ArangoDB"),
    ("/var/lib/cassandra", "Cassandra"),
    ("/var/lib/clickhouse", "ClickHouse"),
    ("/var/lib/etcd", "etcd"),
    ("/var/lib/influxdb", "InfluxDB"),
    ("/var/lib/influxdb2", "InfluxDB"),
    ("/var/lib/kafka", "Kafka"),
    ("/var/lib/ldap", "OpenLDAP"),
    ("/var/lib/mysql", "MySQL or MariaDB"),
    ("/var/lib/neo4j", "Neo4j"),
    ("/var/lib/pgsql", "PostgreSQL"),
    ("/var/lib/postgresql", "PostgreSQL"),
    ("/var/lib/rabbitmq", "RabbitMQ"),
    ("/var/lib/scylla", "ScyllaDB"),
    ("/var/lib/tikv", "TiKV"),
    ("/var/lib/weaviate", "Weaviate"),
    ("/var/lib/zookeeper", "ZooKeeper"),
    ("/var/opt/mssql", "SQL Server"),
    ("/var/run/etcd", "etcd"),
    ("/vault/data", "Vault"),
    ("/vault/file", "Vault"),
];

/// What keeps its files in a directory of a container: one that is known or one of `more`, or a folder `data` or `pgdata`
/// in it; `None` where nothing is known to.
pub fn data_directory(directory: &str, more: &[String]) -> Option<&'static str> {
    let known = DATA_DIRECTORIES.iter().copied();
    let more = more.iter().map(|root| (root.trim_end_matches('/'), "by policy"));
    known.chain(more).find_map(|(root, what)| {
        let below = directory.strip_prefix(root)?;
        let is_data = |folder: &str| matches!(folder, "" | "data" | "pgdata");
        ((below.is_empty() || below.starts_with('/')) && below.split('/').all(is_data)).then_some(what)
    })
}
