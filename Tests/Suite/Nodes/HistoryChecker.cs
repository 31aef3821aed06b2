namespace RawSocketChat.Tests.Nodes;

/// <summary>
/// Checks the observations of the clients against these guarantees of the protocol: The events of a room have one order without a hole. Acknowledged messages
/// stay. A message that is sent again is not stored again. The sender gets the ack before its own copy of the message.
/// </summary>
internal static class HistoryChecker
{
    private const int MaxViolations = 20;

    /// <summary>Returns the violations, at most 20.</summary>
    /// <param name="records">The records, in the order of time.</param>
    /// <param name="log">The messages of each room by seq, as they were stored after all operations.</param>
    public static IReadOnlyList<string> Check(IReadOnlyList<HistoryRecord> records, IReadOnlyDictionary<string, IReadOnlyDictionary<long, string>> log) =>
        [.. CheckOrder(records).Concat(CheckDeliveries(records)).Concat(CheckAcks(records)).Concat(CheckLog(records, log)).Take(MaxViolations)];

    // For each seq, all clients see the same message. The seq in an ack is the seq of the event. No message has two seqs.
    private static IEnumerable<string> CheckOrder(IReadOnlyList<HistoryRecord> records)
    {
        var (bySeq, byText, sent) = (new Dictionary<(string, long), string>(), new Dictionary<(string, string), long>(), new HashSet<(string, string)>());
        foreach (var record in records)
        {
            if (record is HistoryRecord.Sent operation)
                sent.Add((operation.Room, operation.Id));
            if (record is not (HistoryRecord.Delivered or HistoryRecord.Acknowledged))
                continue;
            var (seq, text) = record is HistoryRecord.Delivered delivered ? (delivered.Seq, delivered.Text) : (((HistoryRecord.Acknowledged)record).Seq, ((HistoryRecord.Acknowledged)record).Id);
            if (!sent.Contains((record.Room, text)))
                yield return $"{record.Client} received \"{text}\" in {record.Room}, which nobody had sent";
            if (!bySeq.TryAdd((record.Room, seq), text) && bySeq[(record.Room, seq)] != text)
                yield return $"{record.Client} received \"{text}\" as {seq} in {record.Room}; another client received \"{bySeq[(record.Room, seq)]}\"";
            if (!byText.TryAdd((record.Room, text), seq) && byText[(record.Room, text)] != seq)
                yield return $"{record.Client} received \"{text}\" as {seq} in {record.Room}; it is also {byText[(record.Room, text)]}";
        }
    }

    // Each client receives every event after its cursor once and in order, across all its connections and servers.
    private static IEnumerable<string> CheckDeliveries(IReadOnlyList<HistoryRecord> records)
    {
        var (last, epochs) = (new Dictionary<(string, string), long>(), new Dictionary<string, string>());
        foreach (var record in records)
        {
            var key = (record.Client, record.Room);
            if (record is HistoryRecord.Joined joined)
            {
                if (!epochs.TryAdd(joined.Room, joined.Epoch) && epochs[joined.Room] != joined.Epoch)
                    yield return $"{joined.Client} joined {joined.Room} with the epoch {joined.Epoch}; it was {epochs[joined.Room]}";
                if (!joined.IsRecovered)
                    yield return $"{joined.Client} has lost events of {joined.Room} after {joined.After}";
                last[key] = joined.After;
            }
            else if (record is HistoryRecord.Lost lost)
            {
                yield return $"{lost.Client} received a gap from {lost.From} to {lost.To} in {lost.Room}";
            }
            else if (record is HistoryRecord.Delivered delivered)
            {
                if (!last.TryGetValue(key, out var before))
                    yield return $"{delivered.Client} received {delivered.Seq} in {delivered.Room} before it joined";
                else if (delivered.Seq != before + 1)
                    yield return $"{delivered.Client} received {delivered.Seq} in {delivered.Room} after {before}";
                last[key] = delivered.Seq;
            }
        }
    }

    // A sender gets the ack before its own copy of the message. If a message is sent after the ack of another message, it gets a later seq. An ack may say
    // that a message is a duplicate only if the client has sent it before.
    private static IEnumerable<string> CheckAcks(IReadOnlyList<HistoryRecord> records)
    {
        var (acknowledged, newest, floor, isResent, hasFailed) = (new Dictionary<(string, string), long>(), new Dictionary<string, long>(), new Dictionary<(string, string), long>(), new HashSet<(string, string)>(), new HashSet<(string, string)>());
        foreach (var record in records)
        {
            switch (record)
            {
                case HistoryRecord.Sent sent:
                    if (!floor.TryAdd((sent.Room, sent.Id), newest.GetValueOrDefault(sent.Room)))
                        isResent.Add((sent.Room, sent.Id));
                    break;
                case HistoryRecord.Failed failed:
                    hasFailed.Add((failed.Room, failed.Id));
                    break;
                case HistoryRecord.Acknowledged ack:
                    var key = (ack.Room, ack.Id);
                    if (ack.IsDuplicate && !isResent.Contains(key))
                        yield return $"{ack.Client} sent \"{ack.Id}\" once, but the ack says that it is a duplicate";
                    if (ack.Seq <= floor.GetValueOrDefault(key))
                        yield return $"\"{ack.Id}\" got the seq {ack.Seq} in {ack.Room}, although {floor[key]} was acknowledged before the message was sent";
                    acknowledged.TryAdd(key, ack.Seq);
                    newest[ack.Room] = Math.Max(newest.GetValueOrDefault(ack.Room), ack.Seq);
                    break;
                // Check only messages that the client sent once and without an error. On a new connection, the catch-up may deliver a message before
                // the ack of its repetition. After an error, the message may be stored, and the client gets no ack until it sends the message again.
                case HistoryRecord.Delivered delivered when delivered.Text.StartsWith($"{delivered.Client}.", StringComparison.Ordinal)
                    && !isResent.Contains((delivered.Room, delivered.Text)) && !hasFailed.Contains((delivered.Room, delivered.Text)) && !acknowledged.ContainsKey((delivered.Room, delivered.Text)):
                    yield return $"{delivered.Client} received its own \"{delivered.Text}\" in {delivered.Room} before the ack";
                    break;
            }
        }
    }

    // The log has every message that a client has received or got an ack for. The log has each message once, and has no hole.
    private static IEnumerable<string> CheckLog(IReadOnlyList<HistoryRecord> records, IReadOnlyDictionary<string, IReadOnlyDictionary<long, string>> log)
    {
        foreach (var (room, messages) in log)
        {
            if (messages.Count > 0 && messages.Keys.Max() != messages.Count)
                yield return $"{room} has {messages.Count} messages, but the last one is {messages.Keys.Max()}";
            foreach (var twice in messages.Values.GroupBy(text => text).Where(texts => texts.Count() > 1))
                yield return $"{room} has \"{twice.Key}\" {twice.Count()} times";
        }

        foreach (var record in records)
        {
            var (seq, text) = record switch
            {
                HistoryRecord.Delivered delivered => (delivered.Seq, delivered.Text),
                HistoryRecord.Acknowledged ack => (ack.Seq, ack.Id),
                _ => (0, ""),
            };
            if (seq > 0 && log.GetValueOrDefault(record.Room)?.GetValueOrDefault(seq) != text)
                yield return $"{record.Client} received \"{text}\" as {seq} in {record.Room}, but the log does not have it";
        }
    }
}
