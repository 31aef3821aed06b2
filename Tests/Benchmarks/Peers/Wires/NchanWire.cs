using System.Text;

namespace RawSocketChat.Tests.Benchmarks.Peers.Wires;

/// <summary>nginx with nchan: what is posted goes to all who subscribe, as it was posted.</summary>
internal sealed class NchanWire : Wire
{
    public const string PublishPath = "/publish";
    public const string SubscribePath = "/subscribe";

    public override bool IsReadyAtOnce => true;

    public override bool PublishesByHttp => true;

    public override string Path(int connection, bool publishes) => SubscribePath;

    public override byte[] Publication(string text) => Encoding.ASCII.GetBytes(
        $"POST {PublishPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {text.Length}\r\n\r\n{Message(text)}");

    protected override string Message(string text) => text;
}
