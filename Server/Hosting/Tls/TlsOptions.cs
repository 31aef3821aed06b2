namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>The certificate of the <c>https</c> addresses; without one, a development certificate is made. Section <c>Tls</c>.</summary>
public sealed class TlsOptions
{
    public const string Section = "Tls";

    /// <summary>A file with the certificate and those of its issuers: PEM, or PKCS #12 (.pfx) with its key. Read anew when it changes. Default: none.</summary>
    public string? Certificate { get; set; }

    /// <summary>The file with the certificate's private key (PEM), where <see cref="Certificate"/> does not hold it. Default: none.</summary>
    public string? Key { get; set; }

    /// <summary>What opens the PKCS #12 file or the encrypted key. Better given by the environment, since other users see command lines. Default: none.</summary>
    public string? Password { get; set; }

    internal bool IsGiven => !string.IsNullOrEmpty(Certificate);

    /// <summary>Whether the settings go together.</summary>
    /// <param name="isUsed">Whether there is an <c>https</c> address.</param>
    /// <exception cref="SettingException">One of them would be of no use.</exception>
    internal void Check(bool isUsed)
    {
        if (!IsGiven && (!string.IsNullOrEmpty(Key) || !string.IsNullOrEmpty(Password)))
            throw new SettingException($"--Tls:{(string.IsNullOrEmpty(Key) ? "Password" : "Key")}: there is no certificate for it; name its file with --Tls:Certificate");
        if (IsGiven && !isUsed)
            throw new SettingException("--Tls:Certificate: no address has TLS; try: --urls https://*:443");
    }
}
