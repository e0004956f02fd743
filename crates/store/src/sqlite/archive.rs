//! Raw bytes and the way in.

use jiff::Timestamp;

use super::SqliteStore;
use super::session::Lite;
use crate::sql::record::micros;
use crate::sql::{archive, erasure, intake, now};
use crate::{
    Accepted, Answer, Archive, Arrival, Blob, Chunk, ChunkHead, Deed, Intake, Sight, Tenant,
};

impl Archive for SqliteStore {
    fn keep<'a>(
        &'a self,
        tenant: &'a Tenant,
        upload: &'a str,
        chunks: Vec<Chunk>,
    ) -> Answer<'a, ()> {
        let (tenant, upload) = (tenant.clone(), upload.to_owned());
        Box::pin(self.writer.run(move |connection, memory| {
            let clock = memory.clock();
            let mut session = Lite::writer(connection, memory);
            now(archive::keep(&mut session, clock, &tenant, &upload, chunks))
        }))
    }

    fn abandon<'a>(&'a self, tenant: &'a Tenant, upload: &'a str) -> Answer<'a, ()> {
        let (tenant, upload) = (tenant.clone(), upload.to_owned());
        Box::pin(self.writer.run(move |connection, memory| {
            let mut session = Lite::writer(connection, memory);
            now(archive::abandon(&mut session, &tenant, &upload))
        }))
    }

    fn abandon_older(&self, before: Timestamp) -> Answer<'_, u64> {
        Box::pin(self.writer.run(move |connection, memory| {
            let mut session = Lite::writer(connection, memory);
            now(archive::abandon_older(&mut session, micros(before)))
        }))
    }

    fn blob<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
    ) -> Answer<'a, Option<Blob>> {
        let (sight, tenant, hash) = (sight.clone(), tenant.clone(), hash.to_owned());
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(archive::blob(&mut session, &sight, &tenant, &hash))
        })
    }

    fn chunk_heads<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
    ) -> Answer<'a, Vec<ChunkHead>> {
        let (sight, tenant, hash) = (sight.clone(), tenant.clone(), hash.to_owned());
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(archive::chunk_heads(&mut session, &sight, &tenant, &hash))
        })
    }

    fn chunk<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
        number: u32,
    ) -> Answer<'a, Option<Chunk>> {
        let (sight, tenant, hash) = (sight.clone(), tenant.clone(), hash.to_owned());
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(archive::chunk(&mut session, &sight, &tenant, &hash, number))
        })
    }

    fn expired(&self, time: Timestamp, limit: usize) -> Answer<'_, Vec<(Tenant, String)>> {
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(archive::expired(&mut session, time, limit))
        })
    }

    fn erase<'a>(&'a self, tenant: &'a Tenant, hash: &'a str, deed: Deed) -> Answer<'a, bool> {
        let (tenant, hash) = (tenant.clone(), hash.to_owned());
        Box::pin(self.writer.run(move |connection, memory| {
            let clock = memory.clock();
            let mut session = Lite::writer(connection, memory);
            let erased = now(erasure::erase(&mut session, clock, &tenant, &hash, &deed))?;
            memory.fold |= erased;
            Ok(erased)
        }))
    }
}

impl Intake for SqliteStore {
    fn accept(&self, arrival: Arrival) -> Answer<'_, Accepted> {
        Box::pin(self.writer.run(move |connection, memory| {
            let clock = memory.clock();
            let mut session = Lite::writer(connection, memory);
            now(intake::accept(&mut session, clock, &arrival))
        }))
    }
}
