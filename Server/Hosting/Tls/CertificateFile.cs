using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace RawSocketChat.Server.Hosting.Tls;

/// <summary>Reads the operator's certificate and key from files. Every error is one line that names the setting.</summary>
internal sealed class CertificateFile(TlsOptions options)
{
    private const string RsaKeyOid = "1.2.840.113549.1.1.1";
    private const string EcKeyOid = "1.2.840.10045.2.1";

    // ERROR_INVALID_PASSWORD; .NET uses this value on every operating system.
    private const int InvalidPassword = unchecked((int)0x80070056);

    private readonly string _path = options.Certificate ?? throw new ArgumentException("no certificate file is set", nameof(options));

    /// <summary>Reads the file of the certificate and, if the key has its own file, the file of the key.</summary>
    /// <exception cref="SettingException">A file cannot be read.</exception>
    public (byte[] Certificate, byte[]? Key) Read() => (Read("Certificate", _path), options.Key is { Length: > 0 } key ? Read("Key", key) : null);

    /// <summary>Parses the certificate and its key, and checks the validity period.</summary>
    /// <exception cref="SettingException">The server cannot use the certificate.</exception>
    public ServedCertificate Open((byte[] Certificate, byte[]? Key) contents, DateTimeOffset now)
    {
        var text = Encoding.Latin1.GetString(contents.Certificate);
        var served = text.Contains("-----BEGIN ", StringComparison.Ordinal)
            ? OpenPem(text, contents.Key is null ? text : Encoding.Latin1.GetString(contents.Key))
            : OpenPkcs12(contents.Certificate);
        if (served.Expires <= now)
            throw CreateException("Certificate", $"the certificate in \"{_path}\" expired on {FormatDate(served.Expires)}");
        if (served.Certificate.NotBefore.ToUniversalTime() > now.UtcDateTime)
            throw CreateException("Certificate", $"the certificate in \"{_path}\" is not valid before {FormatDate(served.Certificate.NotBefore.ToUniversalTime())}");
        return served;
    }

    // Parses the certificates of a PEM file, and attaches the private key to the first one.
    private ServedCertificate OpenPem(string text, string keyText)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(text);
        }
        catch (CryptographicException)
        {
            all.Clear();
        }

        if (all.Count == 0)
            throw CreateException("Certificate", $"\"{_path}\" contains no readable certificate (PEM or PKCS #12)");
        // The certificates in the file have the usual order, which certbot uses too: first the server's own certificate, then the
        // certificates of its issuers.
        using var own = all[0];
        all.RemoveAt(0);
        return new ServedCertificate(AttachKey(own, keyText), all);
    }

    // Returns the certificate with its private key. Throws a SettingException if the key cannot be used.
    private X509Certificate2 AttachKey(X509Certificate2 certificate, string keyText)
    {
        if (!keyText.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw CreateException("Key", $"\"{options.Key ?? _path}\" contains no private key{(options.Key is null ? "; set its file with --Tls:Key" : "")}");

        using AsymmetricAlgorithm key = certificate.GetKeyAlgorithm() switch
        {
            RsaKeyOid => RSA.Create(),
            EcKeyOid => ECDsa.Create(),
            _ => throw CreateException("Certificate", $"the certificate in \"{_path}\" has an unsupported type of key; use RSA or ECDSA"),
        };
        var isEncrypted = keyText.Contains("ENCRYPTED", StringComparison.Ordinal);
        try
        {
            if (isEncrypted)
                key.ImportFromEncryptedPem(keyText, options.Password ?? throw CreateException("Password", $"the key in \"{options.Key ?? _path}\" is encrypted, but no password is set"));
            else
                key.ImportFromPem(keyText);
            return key is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)key);
        }
        catch (CryptographicException) when (isEncrypted)
        {
            throw CreateException("Password", $"wrong password for the key in \"{options.Key ?? _path}\"");
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw CreateException("Key", $"the key in \"{options.Key ?? _path}\" does not belong to the certificate in \"{_path}\"");
        }
    }

    // Parses the certificates and the private key of a PKCS #12 file.
    private ServedCertificate OpenPkcs12(byte[] bytes)
    {
        if (options.Key is not null)
            throw CreateException("Key", $"\"{_path}\" is not a PEM file; a PKCS #12 file contains its own key");
        X509Certificate2Collection all;
        try
        {
            all = X509CertificateLoader.LoadPkcs12Collection(bytes, options.Password);
        }
        catch (CryptographicException fault) when (fault.HResult == InvalidPassword)
        {
            throw CreateException("Password", options.Password is null ? $"\"{_path}\" is encrypted, but no password is set" : $"wrong password for \"{_path}\"");
        }
        catch (CryptographicException)
        {
            throw CreateException("Certificate", $"\"{_path}\" contains no readable certificate (PEM or PKCS #12)");
        }

        var own = all.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw CreateException("Certificate", $"\"{_path}\" contains no certificate with a private key");
        all.Remove(own);
        return new ServedCertificate(own, all);
    }

    private static byte[] Read(string setting, string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CreateException(setting, $"\"{path}\" cannot be read: {fault.Message}");
        }
    }

    private static SettingException CreateException(string setting, string text) => new($"--Tls:{setting}: {text}");

    private static string FormatDate(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
