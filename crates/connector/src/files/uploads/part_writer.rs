//! Writes a file whose length is not known beforehand: small ones at once, larger ones in parts. One part is held at a time.

use std::cell::Cell;

use worker::js_sys::Uint8Array;

use crate::files::bucket::{Bucket, BucketError, Description, MultipartUpload};

/// The size of each part but the last, in bytes: the smallest that R2 takes.
pub(crate) const PART: u32 = 5 * 1024 * 1024;

/// Maximum number of files that an isolate writes in parts at a time: each holds one part, and the runtime a copy of it while it is
/// sent. An isolate has 128 MB.
const MOST_AT_ONCE: u32 = 6;

thread_local! {
    static AT_ONCE: Cell<u32> = const { Cell::new(0) };
}

/// A file that is being written. The bucket shows nothing of it before [`PartWriter::finish`].
pub(crate) struct PartWriter<'a> {
    bucket: &'a Bucket,
    object: &'a str,
    description: Description,
    part: Uint8Array,
    filled: u32,
    upload: Option<MultipartUpload>,
    total: u64,
    /// Whether the bucket was told that all parts are there.
    is_completed: bool,
    _slot: BufferSlot,
}

/// One of the [`MOST_AT_ONCE`].
struct BufferSlot;

impl BufferSlot {
    fn take() -> Option<Self> {
        (AT_ONCE.get() < MOST_AT_ONCE).then(|| {
            AT_ONCE.set(AT_ONCE.get() + 1);
            Self
        })
    }
}

impl Drop for BufferSlot {
    fn drop(&mut self) {
        AT_ONCE.set(AT_ONCE.get().saturating_sub(1));
    }
}

impl<'a> PartWriter<'a> {
    /// Begins a file of at most `max_bytes`. Returns none if the isolate writes too many already.
    pub(crate) fn begin(bucket: &'a Bucket, object: &'a str, description: Description, max_bytes: u64) -> Option<Self> {
        let slot = BufferSlot::take()?;
        let part = Uint8Array::new_with_length(u32::try_from(max_bytes).unwrap_or(PART).min(PART));
        Some(Self {
            bucket,
            object,
            description,
            part,
            filled: 0,
            upload: None,
            total: 0,
            is_completed: false,
            _slot: slot,
        })
    }

    /// Returns how many bytes were written.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// Writes bytes. Waits while a part that is full is sent, so its sender is held back.
    pub(crate) async fn write(&mut self, bytes: &Uint8Array) -> Result<(), BucketError> {
        let (mut at, end) = (0, bytes.length());
        while at < end {
            if self.filled == self.part.length() {
                self.send_part().await?;
            }
            let taken = (end - at).min(self.part.length() - self.filled);
            self.part.set(&bytes.subarray(at, at + taken), self.filled);
            self.filled += taken;
            at += taken;
            self.total += u64::from(taken);
        }
        Ok(())
    }

    /// Makes what was written a file.
    pub(crate) async fn finish(&mut self) -> Result<(), BucketError> {
        let Some(upload) = &self.upload else {
            let whole = self.part.subarray(0, self.filled);
            return self.bucket.put(self.object, &whole, &self.description).await;
        };
        if self.filled > 0 {
            upload.add(&self.part.subarray(0, self.filled)).await?;
        }
        self.is_completed = true;
        let completed = upload.complete().await;
        self.is_completed = completed.is_ok();
        completed
    }

    /// Forgets what was written.
    pub(crate) async fn abort(&mut self) {
        if let Some(upload) = self.upload.take() {
            // The bucket forgets what was begun and never completed after a week.
            let _ = upload.abort().await;
        }
    }

    async fn send_part(&mut self) -> Result<(), BucketError> {
        let upload = match &self.upload {
            Some(upload) => upload,
            None => self.upload.insert(self.bucket.begin_parts(self.object, &self.description).await?),
        };
        upload.add(&self.part).await?;
        self.filled = 0;
        Ok(())
    }
}

/// An upload whose time is over is dropped wherever it waits.
impl Drop for PartWriter<'_> {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take_if(|_| !self.is_completed) {
            upload.abandon();
        }
    }
}
