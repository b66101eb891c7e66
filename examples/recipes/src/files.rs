//! Files that are too large for a model: a link to send one, and a tool that reads it as it comes.

use csv_core::ReadRecordResult;
use mcp_connector::{Connector, Context, FileLimits, Json, Scope, Tool, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const TABLES: Scope = Scope::new("tables", "Read the tables that you send");

#[derive(Serialize, JsonSchema)]
struct Upload {
    /// The link for the person. It takes one file.
    link: String,
    /// The key of the table for `summarize_table`, once the person has sent it.
    table: String,
}

async fn send_table(cx: Context) -> Result<Json<Upload>, ToolError> {
    // Where Excel is installed, browsers send its type for a CSV file.
    let types = ["text/csv", "application/vnd.ms-excel", "text/plain"];
    let upload = cx.upload_url("tables", FileLimits::up_to_megabytes(50).content_types(types)).await?;
    Ok(Json(Upload { link: upload.url, table: upload.key }))
}

#[derive(Deserialize, JsonSchema)]
struct Table {
    /// The key of the table, as `send_table` gives it.
    table: String,
}

#[derive(Serialize, JsonSchema)]
struct Summary {
    /// The number of rows, without the heading.
    rows: u64,
    columns: Vec<Column>,
}

#[derive(Default, Serialize, JsonSchema)]
struct Column {
    name: String,
    /// How many of its values are numbers.
    numbers: u64,
    /// How many of its values are other text.
    texts: u64,
    /// How many of its values are empty.
    empty: u64,
    least: Option<f64>,
    greatest: Option<f64>,
    mean: Option<f64>,
    #[serde(skip)]
    sum: f64,
}

async fn summarize_table(args: Table, cx: Context) -> Result<Json<Summary>, ToolError> {
    let file = cx.file(&args.table).await?;
    let mut rows = Rows::default();
    let mut reader = file.read().await?;
    // Never more than one piece of the file is in memory, and one row.
    while let Some(piece) = reader.chunk().await? {
        rows.read(&piece)?;
    }
    rows.read(&[])?;
    rows.summary()
}

/// Reads a table piece by piece. A row has at most 64 KiB and 256 columns.
struct Rows {
    parser: csv_core::Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// How much of `bytes` and of `ends` the row has that is being read.
    filled: (usize, usize),
    count: u64,
    columns: Vec<Column>,
}

impl Default for Rows {
    fn default() -> Self {
        let (bytes, ends) = (vec![0; 64 * 1024], vec![0; 256]);
        Self { parser: csv_core::Reader::new(), bytes, ends, filled: (0, 0), count: 0, columns: Vec::new() }
    }
}

impl Rows {
    /// Reads the next piece. An empty one is the end.
    fn read(&mut self, mut piece: &[u8]) -> Result<(), ToolError> {
        loop {
            let bytes = self.bytes.get_mut(self.filled.0..).unwrap_or_default();
            let ends = self.ends.get_mut(self.filled.1..).unwrap_or_default();
            let (result, read, written, ended) = self.parser.read_record(piece, bytes, ends);
            self.filled = (self.filled.0 + written, self.filled.1 + ended);
            piece = piece.get(read..).unwrap_or_default();
            match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::End => return Ok(()),
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(ToolError::new(
                        "A row has more than 64 KiB or 256 columns. Is it a table with commas?",
                    ));
                }
                ReadRecordResult::Record => self.take_row(),
            }
        }
    }

    fn take_row(&mut self) {
        let ends = self.ends.get(..std::mem::take(&mut self.filled).1).unwrap_or_default();
        let starts = [0].into_iter().chain(ends.iter().copied());
        let fields = starts.zip(ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default());
        let fields = fields.map(|field| String::from_utf8_lossy(field));
        if self.columns.is_empty() {
            self.columns = fields.map(|name| Column { name: name.into_owned(), ..Column::default() }).collect();
            return;
        }
        self.count += 1;
        for (column, field) in self.columns.iter_mut().zip(fields) {
            match field.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => {
                    column.numbers += 1;
                    column.sum += number;
                    column.least = Some(column.least.map_or(number, |least| least.min(number)));
                    column.greatest = Some(column.greatest.map_or(number, |greatest| greatest.max(number)));
                }
                _ if field.trim().is_empty() => column.empty += 1,
                _ => column.texts += 1,
            }
        }
    }

    fn summary(mut self) -> Result<Json<Summary>, ToolError> {
        if self.columns.is_empty() {
            return Err(ToolError::new("The table is empty."));
        }
        for column in &mut self.columns {
            #[allow(clippy::cast_precision_loss, reason = "nobody has 2^53 rows")]
            let numbers = column.numbers as f64;
            column.mean = (column.numbers > 0).then_some(column.sum / numbers);
        }
        Ok(Json(Summary { rows: self.count, columns: self.columns }))
    }
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector
        .files("FILES")
        .tool(
            Tool::new("send_table", "Get a link by which the person can send a CSV file of up to 50 MB.", send_table)
                .title("Send table")
                .scope(TABLES)
                .additive(),
        )
        .tool(
            Tool::new(
                "summarize_table",
                "Count the rows of a table that was sent, and sum up its columns.",
                summarize_table,
            )
            .title("Summarize table")
            .scope(TABLES)
            .read_only(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_the_same_however_it_is_cut() {
        let table = b"name,\"price, net\"\r\n\"a \"\"b\"\"\nc\",1.5\r\nd,-2\r\n,x\r\n";
        for size in 1..table.len() {
            let mut rows = Rows::default();
            for piece in table.chunks(size) {
                rows.read(piece).unwrap();
            }
            rows.read(&[]).unwrap();
            let Json(summary) = rows.summary().unwrap();
            assert_eq!(summary.rows, 3, "pieces of {size}");
            let [name, price] = &summary.columns[..] else { panic!("two columns") };
            assert_eq!((name.texts, name.empty, name.numbers), (2, 1, 0));
            assert_eq!(price.name, "price, net");
            assert_eq!((price.numbers, price.texts), (2, 1));
            assert_eq!((price.least, price.greatest, price.mean), (Some(-2.0), Some(1.5), Some(-0.25)));
        }
    }

    #[test]
    fn a_row_that_never_ends_is_refused() {
        let mut rows = Rows::default();
        assert!((0..100).map(|_| rows.read(&[b'x'; 1024])).any(|read| read.is_err()));
    }
}
