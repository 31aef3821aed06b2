namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>
/// The certificate of the <c>https</c> addresses. If no certificate is set, the server creates a development certificate. Section
/// <c>Tls</c>.
/// </summary>
public sealed class TlsOptions
{
    public const string Section = "Tls";

    /// <summary>
    /// Path of a file that contains the certificate and the certificates of its issuers. The format is PEM, or PKCS #12 (.pfx). A PKCS #12
    /// file must also contain the private key. The server reloads the file when the file changes. Default: none.
    /// </summary>
    public string? Certificate { get; set; }

    /// <summary>Path of the certificate's private key (PEM), if <see cref="Certificate"/> does not contain it. Default: none.</summary>
    public string? Key { get; set; }

    /// <summary>
    /// Password of the PKCS #12 file or the encrypted key. Set the password in the environment, because other users can see command lines.
    /// Default: none.
    /// </summary>
    public string? Password { get; set; }

    internal bool HasCertificate => !string.IsNullOrEmpty(Certificate);

    /// <summary>Checks that the settings fit together.</summary>
    /// <param name="hasHttpsAddress">Whether the server listens on an <c>https</c> address.</param>
    /// <exception cref="SettingException">A setting would have no effect, because another setting is missing.</exception>
    internal void Validate(bool hasHttpsAddress)
    {
        if (!HasCertificate && (!string.IsNullOrEmpty(Key) || !string.IsNullOrEmpty(Password)))
            throw new SettingException($"--Tls:{(string.IsNullOrEmpty(Key) ? "Password" : "Key")}: no certificate is set; set its file with --Tls:Certificate");
        if (HasCertificate && !hasHttpsAddress)
            throw new SettingException("--Tls:Certificate: no address uses TLS; try: --urls https://*:443");
    }
}
