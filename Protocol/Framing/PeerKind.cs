namespace RawSocketChat.Protocol.Framing;

/// <summary>The kind of client on a raw TCP connection, recognized by its first line.</summary>
public enum PeerKind
{
    /// <summary>The bytes that have arrived do not show the kind.</summary>
    Unknown,

    /// <summary>A person who types lines.</summary>
    Person,

    /// <summary>A program that sends JSON.</summary>
    Program,

    /// <summary>A Flash player that requests the policy file, which says whether its page may connect.</summary>
    PolicyRequest,

    /// <summary>A browser or another HTTP client that connected to this port by mistake.</summary>
    Http,

    /// <summary>A TLS client: the first bytes are a ClientHello.</summary>
    Tls,

    /// <summary>An SSH client.</summary>
    Ssh,

    /// <summary>A mail server or client (SMTP, LMTP).</summary>
    Smtp,

    /// <summary>An IRC client, or a client of another protocol whose login begins in the same way (FTP, POP3).</summary>
    Irc,

    /// <summary>A SIP client.</summary>
    Sip,

    /// <summary>An RTSP client.</summary>
    Rtsp,

    /// <summary>A proxy that sends the header of the PROXY protocol, version 1.</summary>
    Proxy,

    /// <summary>A Redis client.</summary>
    Redis,

    /// <summary>A client of another protocol, such as a binary protocol. The server has no answer that this client would understand.</summary>
    Foreign,
}
