namespace RawSocketChat.Server.Connections;

/// <summary>
/// Where answers go: a connection, or what gathers the answers of one request. Calls come from any thread, never
/// block and never throw; what a closed sink is given is dropped.
/// </summary>
public interface IFrameSink
{
    void Send(Outbound outbound);
}
