using System.Buffers;
using System.Text;
using System.Text.Json;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>The payload of an announcement: the number of the server, and its notices, as JSON.</summary>
internal static class NodeMessage
{
    // PostgreSQL accepts less than 8,000 bytes.
    private const int MaxBytes = 7_900;

    /// <summary>Writes notices into as few payloads as possible. A notice that is too long is left out.</summary>
    public static List<string> Write(int node, IEnumerable<NodeNotice> notices)
    {
        var payloads = new List<string>();
        var (start, buffer) = ($"{{\"n\":{node},\"m\":[", new StringBuilder());
        var bytes = 0;
        foreach (var notice in notices)
        {
            var json = JsonSerializer.SerializeToUtf8Bytes(notice, NodeNoticeJson.Default.NodeNotice);
            if (start.Length + json.Length + 2 > MaxBytes)
                continue;
            if (bytes + json.Length + 1 > MaxBytes)
                End();
            if (buffer.Length == 0)
                (buffer, bytes) = (buffer.Append(start), start.Length + 2);
            else
                buffer.Append(',');
            buffer.Append(Encoding.UTF8.GetString(json));
            bytes += json.Length + 1;
        }

        End();
        return payloads;

        void End()
        {
            if (buffer.Length > 0)
                payloads.Add(buffer.Append("]}").ToString());
            buffer.Clear();
            bytes = 0;
        }
    }

    /// <summary>Reads the notices of another server. Returns none if the payload is from this server, or is no announcement of a server of this version.</summary>
    /// <param name="node">The number of this server.</param>
    public static IReadOnlyList<NodeNotice> Read(string payload, int node)
    {
        try
        {
            using var message = JsonDocument.Parse(payload);
            return message.RootElement.GetProperty("n").GetInt32() == node ? []
                : message.RootElement.GetProperty("m").Deserialize(NodeNoticeJson.Default.IReadOnlyListNodeNotice) ?? [];
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or NotSupportedException)
        {
            return [];
        }
    }
}
