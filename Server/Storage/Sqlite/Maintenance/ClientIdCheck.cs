namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>What finds events by their client ids: each entry leads to an event of that id, and no two kept events share one.</summary>
internal sealed class ClientIdCheck(Database database, CheckedRooms rooms, CheckResult result)
{
    private const int ReportEvery = 4096;

    private readonly List<(string Author, string ClientId, long Event)> _sameHash = [];

    public void Run(IProgress<Advance> progress, CancellationToken cancel)
    {
        CheckSettled(progress, cancel);
        CheckJournal(cancel);
    }

    private void CheckSettled(IProgress<Advance> progress, CancellationToken cancel)
    {
        using var rows = database.Prepare(
            "SELECT c.hash, c.event, e.id, e.at, e.author, e.client_id FROM client_ids c LEFT JOIN events e ON e.id = c.event ORDER BY c.hash, c.event");
        var (done, lastHash) = (0L, 0L);
        while (rows.Step())
        {
            if (rows.Number(0) != lastHash)
                _sameHash.Clear();
            lastHash = rows.Number(0);
            CheckEntry(rows);
            if (++done % ReportEvery != 0)
                continue;
            cancel.ThrowIfCancellationRequested();
            progress.Report(new Advance("checking client ids", done, 0));
        }
    }

    private void CheckEntry(Statement row)
    {
        var (hash, id) = (row.Number(0), row.Number(1));
        if (row.NumberOrNull(2) is null)
        {
            // One that is trimmed may be gone before what finds it is.
            if (rooms.Find(LoggedRoom.RoomOf(id)) is not { } room || LoggedRoom.SeqOf(id) >= room.First)
                result.Add($"{rooms.Describe(id)}: a client id leads to it, and it is not there");
            return;
        }

        var author = row.Text(4);
        if (row.TextOrNull(5) is not { } clientId || ClientIds.HashOf(author, clientId) != hash)
        {
            result.Add($"{rooms.Describe(id)}: a client id leads to it that is not its own");
            return;
        }

        if (!rooms.IsKept(id, row.Number(3)))
            return;
        if (_sameHash.Find(other => other.Author == author && other.ClientId == clientId) is { Author: not null } first)
            AddTwice(first.Event, id);
        _sameHash.Add((author, clientId, id));
    }

    // The journal is short: what the server itself keeps in memory of it may be kept here.
    private void CheckJournal(CancellationToken cancel)
    {
        using var rows = database.Prepare("SELECT room << 40 | seq, at, author, client_id FROM journal WHERE client_id IS NOT NULL ORDER BY id");
        using var settled = database.Prepare("SELECT e.id, e.at, e.author, e.client_id FROM client_ids c JOIN events e ON e.id = c.event WHERE c.hash = ?");
        var seen = new Dictionary<(string, string), long>();
        while (rows.Step())
        {
            cancel.ThrowIfCancellationRequested();
            var (id, author, clientId) = (rows.Number(0), rows.Text(2), rows.Text(3));
            if (!rooms.IsKept(id, rows.Number(1)))
                continue;
            if (!seen.TryAdd((author, clientId), id))
                AddTwice(seen[(author, clientId)], id);
            settled.Bind(1, ClientIds.HashOf(author, clientId));
            while (settled.Step())
            {
                if (settled.Text(2) == author && settled.TextOrNull(3) == clientId && rooms.IsKept(settled.Number(0), settled.Number(1)))
                    AddTwice(settled.Number(0), id);
            }
        }
    }

    private void AddTwice(long first, long second)
    {
        // That an event is there twice is told already.
        if (first != second)
            result.Add($"{rooms.Describe(second)}: its author and client id are those of {rooms.Describe(first)}");
    }
}
