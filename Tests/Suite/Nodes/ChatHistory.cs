using System.Text.Json;

namespace RawSocketChat.Tests.Nodes;

/// <summary>Records the operations and observations of all clients in order of time, and writes each as a line of JSON to a file. Thread-safe.</summary>
internal sealed class ChatHistory : IDisposable
{
    private readonly Lock _gate = new();
    private readonly StreamWriter _file;
    private readonly List<HistoryRecord> _records = [];

    /// <param name="path">The file to create.</param>
    public ChatHistory(string path) => _file = new StreamWriter(path);

    /// <summary>The records so far.</summary>
    public IReadOnlyList<HistoryRecord> Records
    {
        get
        {
            lock (_gate)
                return [.. _records];
        }
    }

    public void Add(HistoryRecord record)
    {
        lock (_gate)
        {
            _records.Add(record);
            _file.WriteLine(JsonSerializer.Serialize(record));
        }
    }

    /// <summary>Reads the records of a file.</summary>
    public static IReadOnlyList<HistoryRecord> Read(string path) => [.. File.ReadLines(path).Select(line => JsonSerializer.Deserialize<HistoryRecord>(line)!)];

    public void Dispose()
    {
        lock (_gate)
            _file.Dispose();
    }
}
