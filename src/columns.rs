//! Typed columns as a Parquet file, written in row groups: what is held in memory is one of them.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;

/// Rows of a row group.
const GROUP: usize = 20_000;

/// What stands in one column of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing.
    None,
    /// A text.
    Text(&'a str),
    /// A whole number.
    Whole(i64),
    /// A number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
    /// A moment, in milliseconds since 1970 in UTC.
    Time(i64),
}

/// A table on its way into a file.
pub struct Table<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Column>,
    held: usize,
}

struct Column {
    name: String,
    optional: bool,
    /// Of an optional column: 1 where there is a value.
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Time(Vec<i64>),
    Real(Vec<f64>),
    Flag(Vec<bool>),
}

impl Values {
    fn of(field: &Type) -> Result<Self, ParquetError> {
        let time = matches!(field.get_basic_info().logical_type_ref(), Some(LogicalType::Timestamp(_)));
        match field.get_physical_type() {
            Physical::BYTE_ARRAY => Ok(Self::Text(Vec::new())),
            Physical::INT64 if time => Ok(Self::Time(Vec::new())),
            Physical::INT64 => Ok(Self::Whole(Vec::new())),
            Physical::DOUBLE => Ok(Self::Real(Vec::new())),
            Physical::BOOLEAN => Ok(Self::Flag(Vec::new())),
            other => Err(ParquetError::NYI(format!("{}: columns of {other}", field.name()))),
        }
    }
}

impl<W: Write + Send> Table<W> {
    /// Begins a table with the columns of `schema`, a message in Parquet's notation.
    ///
    /// # Errors
    /// A schema that is none or holds other types, or what cannot be written.
    pub fn new(schema: &str, into: W) -> Result<Self, ParquetError> {
        let schema = Arc::new(parse_message_type(schema)?);
        let columns = schema.get_fields().iter().map(|field| {
            Ok(Column {
                name: field.name().to_owned(),
                optional: field.is_optional(),
                levels: Vec::new(),
                values: Values::of(field)?,
            })
        });
        let columns = columns.collect::<Result<_, ParquetError>>()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("stateward {}", env!("CARGO_PKG_VERSION")))
            .build();
        let writer = SerializedFileWriter::new(into, schema, Arc::new(properties))?;
        Ok(Self { writer, columns, held: 0 })
    }

    /// Adds a row, whose cells stand in the order of the columns.
    ///
    /// # Errors
    /// A row that does not fit the columns, or what cannot be written.
    pub fn push(&mut self, row: &[Cell]) -> Result<(), ParquetError> {
        if row.len() != self.columns.len() {
            let text = format!("a row of {} cells for {} columns", row.len(), self.columns.len());
            return Err(ParquetError::General(text));
        }
        for (column, cell) in self.columns.iter_mut().zip(row) {
            column.push(*cell)?;
        }
        self.held += 1;
        if self.held >= GROUP { self.flush() } else { Ok(()) }
    }

    /// Writes what is held and the end of the file.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn finish(mut self) -> Result<W, ParquetError> {
        if self.held > 0 {
            self.flush()?;
        }
        self.writer.into_inner()
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut into) = group.next_column()? else { break };
            column.flush(into.untyped())?;
            into.close()?;
        }
        group.close()?;
        self.held = 0;
        Ok(())
    }
}

impl Column {
    fn push(&mut self, cell: Cell) -> Result<(), ParquetError> {
        match (&mut self.values, cell) {
            (_, Cell::None) if self.optional => {}
            (Values::Text(values), Cell::Text(text)) => values.push(text.into()),
            (Values::Whole(values), Cell::Whole(number)) => values.push(number),
            (Values::Time(values), Cell::Time(moment)) => values.push(moment),
            (Values::Real(values), Cell::Real(number)) => values.push(number),
            (Values::Flag(values), Cell::Flag(flag)) => values.push(flag),
            (_, cell) => {
                return Err(ParquetError::General(format!("column {} cannot hold {cell:?}", self.name)));
            }
        }
        self.levels.push(i16::from(cell != Cell::None));
        Ok(())
    }

    fn flush(&mut self, into: &mut ColumnWriter) -> Result<(), ParquetError> {
        let levels = self.optional.then_some(self.levels.as_slice());
        match (&mut self.values, into) {
            (Values::Text(values), ColumnWriter::ByteArrayColumnWriter(into)) => {
                into.write_batch(values, levels, None)?;
                values.clear();
            }
            (Values::Whole(values) | Values::Time(values), ColumnWriter::Int64ColumnWriter(into)) => {
                into.write_batch(values, levels, None)?;
                values.clear();
            }
            (Values::Real(values), ColumnWriter::DoubleColumnWriter(into)) => {
                into.write_batch(values, levels, None)?;
                values.clear();
            }
            (Values::Flag(values), ColumnWriter::BoolColumnWriter(into)) => {
                into.write_batch(values, levels, None)?;
                values.clear();
            }
            _ => return Err(ParquetError::General(format!("column {} is of another type", self.name))),
        }
        self.levels.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    const SCHEMA: &str = "message some {
      required binary name (STRING);
      optional int64 number;
      optional double share;
      required boolean open;
      optional int64 at (TIMESTAMP(MILLIS,true));
    }";

    fn table() -> Table<File> {
        Table::new(SCHEMA, tempfile::tempfile().unwrap()).unwrap()
    }

    fn read(file: File) -> SerializedFileReader<File> {
        SerializedFileReader::new(file).unwrap()
    }

    #[test]
    fn what_goes_in_comes_back_over_row_groups() {
        let mut table = table();
        let rows = i64::try_from(GROUP).unwrap() * 2 + 7;
        for at in 0..rows {
            let odd = at % 2 == 1;
            let name = format!("n{at}");
            let [number, time] =
                [Cell::Whole(at), Cell::Time(at * 1_000)].map(|it| if odd { Cell::None } else { it });
            table.push(&[Cell::Text(&name), number, Cell::Real(0.5), Cell::Flag(odd), time]).unwrap();
        }
        let reader = read(table.finish().unwrap());
        assert_eq!(reader.metadata().num_row_groups(), 3);
        let mut seen = 0;
        for (at, row) in (0_i64..).zip(reader.get_row_iter(None).unwrap()) {
            let row = row.unwrap();
            assert_eq!(row.get_string(0).unwrap(), &format!("n{at}"));
            assert_eq!(row.get_double(2).unwrap(), 0.5);
            assert_eq!(row.get_bool(3).unwrap(), at % 2 == 1);
            assert_eq!(row.get_long(1).ok(), (at % 2 == 0).then_some(at));
            assert_eq!(row.get_timestamp_millis(4).ok(), (at % 2 == 0).then_some(at * 1_000));
            seen += 1;
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn a_table_without_rows_is_whole() {
        let reader = read(table().finish().unwrap());
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
        assert_eq!(reader.metadata().file_metadata().schema().get_fields().len(), 5);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |row: &[Cell]| table().push(row).unwrap_err().to_string();
        let fits = [Cell::Text("a"), Cell::None, Cell::None, Cell::Flag(true), Cell::None];
        assert!(refused(&fits[..3]).contains("3 cells for 5 columns"));
        assert!(refused(&[Cell::None, fits[1], fits[2], fits[3], fits[4]]).contains("column name"));
        assert!(refused(&[fits[0], Cell::Real(1.0), fits[2], fits[3], fits[4]]).contains("column number"));
        assert!(refused(&[fits[0], Cell::Time(1), fits[2], fits[3], fits[4]]).contains("column number"));
        assert!(Table::new("message x { required int32 y; }", Vec::new()).is_err());
    }
}
