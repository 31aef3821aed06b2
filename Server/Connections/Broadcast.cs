namespace RawSocketChat.Server.Connections;

/// <summary>Sends one message to many connections.</summary>
public static class Broadcast
{
    public static void Send(ReadOnlySpan<Connection> connections, EncodedMessage message)
    {
        foreach (var connection in connections)
            connection.Send(message);
    }
}
