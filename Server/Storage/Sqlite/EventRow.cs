namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The columns that the journal and the events share, in one order.</summary>
internal static class EventRow
{
    public const string Columns = "at, kind, author, author_name, body, reply, me, client_id";

    /// <summary>How many they are.</summary>
    public const int Count = 8;

    /// <param name="from">The place of the first of them among the statement's parameters.</param>
    public static Statement Bind(this Statement statement, int from, DateTimeOffset at, NewEvent content) => statement
        .Bind(from, at.ToUnixTimeMilliseconds())
        .Bind(from + 1, (long)content.Kind)
        .Bind(from + 2, content.Author)
        .Bind(from + 3, content.AuthorName)
        .Bind(from + 4, content.Text)
        .Bind(from + 5, content.Reply)
        .Bind(from + 6, content.Me ? 1 : 0)
        .Bind(from + 7, content.ClientId);

    /// <summary>A stored time. One that cannot be, by damage, becomes the nearest that can: the writer has more to do than this row.</summary>
    public static DateTimeOffset TimeOf(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    /// <param name="from">The place of the first of them among the statement's columns.</param>
    public static RoomEvent Read(this Statement row, long seq, int from) => new(
        seq,
        DateTimeOffset.FromUnixTimeMilliseconds(row.Number(from)),
        new NewEvent(
            (RoomEventKind)row.Number(from + 1),
            row.Text(from + 2),
            row.Text(from + 3),
            row.Text(from + 4),
            row.NumberOrNull(from + 5),
            row.Number(from + 6) != 0,
            row.TextOrNull(from + 7)));
}
