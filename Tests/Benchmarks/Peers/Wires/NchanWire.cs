using System.Text;

namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>nginx with nchan: each POST goes unchanged to all subscribers.</summary>
internal sealed class NchanWire : Wire
{
    public const string PublishPath = "/publish";
    public const string SubscribePath = "/subscribe";

    public override bool IsReadyAtOnce => true;

    public override bool PublishesByHttp => true;

    public override string GetPath(int connection, bool publishes) => SubscribePath;

    public override byte[] EncodePublication(string text) => Encoding.ASCII.GetBytes(
        $"POST {PublishPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {text.Length}\r\n\r\n{CreateMessage(text)}");

    protected override string CreateMessage(string text) => text;
}
