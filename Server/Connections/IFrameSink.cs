namespace RawSocketChat.Server.Connections;

/// <summary>
/// Where answers go: a connection, or what gathers the answers of one request. Calls come from any thread, never
/// block and never throw; what a closed sink is given is dropped.
/// </summary>
public interface IFrameSink
{
    void Send(Outbound outbound);

    /// <summary>
    /// Tells that one more answer will be sent after the handler has returned, once what was asked for is stored. Who gathers
    /// the answers to one message waits for it.
    /// </summary>
    void ExpectOneLater()
    {
    }
}
