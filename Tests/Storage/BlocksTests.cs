using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Tests.Storage;

/// <summary>A room's events in blocks: as they were, however they came, and from whichever on they are kept.</summary>
public sealed class BlocksTests
{
    private const long Room = 3;

    private OpenStorage _storage = null!;
    private Database _database = null!;
    private Blocks _blocks = null!;

    [SetUp]
    public void Open()
    {
        _storage = new OpenStorage();
        _storage.Storage.Dispose();
        _database = Database.OpenForWriting(Path.Combine(_storage.Folder, DataFolder.DatabaseName), synced: false);
        _blocks = new Blocks(_database);
    }

    [TearDown]
    public void Close()
    {
        _blocks.Dispose();
        _database.Dispose();
        _storage.Dispose();
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(1_000)]
    public void What_comes_bit_by_bit_gathers_in_few_rows(int atOnce)
    {
        Fill(1_000, atOnce);
        Read().Should().Equal(Enumerable.Range(1, 1_000).Select(Event));
        var (rows, bytes) = (Number("SELECT COUNT(*) FROM blocks"), Number("SELECT SUM(LENGTH(events)) FROM blocks"));
        rows.Should().BeInRange(bytes / 17_000, (bytes / 4_096) + 1);
        _blocks.End(Room).Should().Be((Number("SELECT MAX(id) FROM blocks") & LoggedRoom.SeqMask, (int)Number("SELECT LENGTH(events) FROM blocks ORDER BY id DESC LIMIT 1"), 1_000L));
    }

    [Test]
    public void One_that_is_larger_than_a_block_is_one()
    {
        var large = Event(3) with { Content = Event(3).Content with { Text = new string('\u4e2d', 20_000) } };
        RoomEvent[] events = [Event(1), Event(2), large, large with { Seq = 4 }, Event(5)];
        _blocks.Append(Room, (0, 0), events);
        Read().Should().Equal(events);
        Number("SELECT COUNT(*) FROM blocks").Should().Be(4);
    }

    [TestCase("checksum = checksum + 1")]
    [TestCase("count = count - 1")]
    public void A_damaged_block_does_not_grow(string damage)
    {
        var last = _blocks.Append(Room, (0, 0), [Event(1), Event(2)]);
        _database.Execute($"UPDATE blocks SET {damage}");
        _blocks.Append(Room, last, [Event(3)]).First.Should().Be(3);
        Number("SELECT COUNT(*) FROM blocks").Should().Be(2);
    }

    [Test]
    public void From_whichever_event_on_they_are_kept_the_rest_is_whole()
    {
        Fill(300, 100);
        for (var first = 1; first <= 301; first += 3)
        {
            _blocks.Trim(Room, first, most: 64).Should().Be(((long)first, false));
            Number("SELECT TOTAL(count) FROM blocks").Should().Be(301 - first);
            Read(first).Should().Equal(Enumerable.Range(first, 301 - first).Select(Event));
            _blocks.TimeOf((Room << LoggedRoom.SeqBits) | 300).Should().Be(first <= 300 ? Event(300).At.ToUnixTimeMilliseconds() : null);
        }
    }

    [Test]
    public void Much_is_trimmed_a_little_at_a_time()
    {
        Fill(2_000, 2_000);
        _blocks.Append(Room + 1, (0, 0), [Event(1)]);
        var (first, isLeft) = _blocks.Trim(Room, 1_999, most: 2);
        isLeft.Should().BeTrue();
        Number($"SELECT MIN(id) FROM blocks WHERE id >> 40 = {Room}").Should().Be((Room << LoggedRoom.SeqBits) | first);
        while (_blocks.Trim(Room, 1_999, most: 2).IsLeft)
        {
        }

        Read(1_999).Should().Equal(Event(1_999), Event(2_000));
        Number($"SELECT COUNT(*) FROM blocks WHERE id >> 40 = {Room + 1}").Should().Be(1);
    }

    // The checksum tells of it first; this is what bytes would meet that it does not tell of.
    [Test]
    public void Bytes_that_make_no_event_are_none()
    {
        var buffer = new ByteBuffer(16);
        EncodedEvent.Write(buffer, Event(7).At, Event(7).Content);
        var bytes = buffer.Written.ToArray();
        ReadOnlySpan<byte> whole = bytes;
        EncodedEvent.TryRead(ref whole, out var found).Should().BeTrue();
        found.ToEvent(7).Should().Be(Event(7));
        for (var length = 0; length < bytes.Length; length++)
        {
            ReadOnlySpan<byte> cut = bytes.AsSpan(0, length);
            EncodedEvent.TryRead(ref cut, out _).Should().BeFalse();
        }

        for (var at = 0; at < bytes.Length; at++)
        {
            for (var value = 0; value < 256; value += 3)
            {
                var changed = bytes.ToArray();
                changed[at] = (byte)value;
                ReadOnlySpan<byte> rest = changed;
                if (EncodedEvent.TryRead(ref rest, out var other))
                    other.ToEvent(7).Seq.Should().Be(7);
            }
        }
    }

    private void Fill(int count, int atOnce)
    {
        var last = (0L, 0);
        for (var done = 0; done < count; done += atOnce)
            last = _blocks.Append(Room, last, [.. Enumerable.Range(done + 1, Math.Min(atOnce, count - done)).Select(Event)]);
    }

    private List<RoomEvent> Read(long from = 1)
    {
        using var rows = _database.Prepare($"SELECT id, count, checksum, events FROM blocks WHERE id >> 40 = {Room} ORDER BY id");
        var page = new BlockPage(from, int.MaxValue, int.MaxValue);
        while (rows.Step())
            page.AddUp(rows, long.MaxValue);
        return page.Events;
    }

    private long Number(string sql)
    {
        using var row = _database.Prepare(sql);
        row.Step();
        return row.Number(0);
    }

    private static RoomEvent Event(int seq) => new(
        seq,
        DateTimeOffset.UnixEpoch.AddMilliseconds(seq),
        new NewEvent(RoomEventKind.Message, "ann", "r\u00f6b", $"{seq} {new string('x', 100)}", seq % 3 == 0 ? seq - 1 : null, seq % 5 == 0, seq % 2 == 0 ? null : $"{seq}"));
}
